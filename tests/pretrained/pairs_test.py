"""Which packages become pairs, that the choice holds still, and that the fixture's tokens are those of the model."""
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "harness/pretrained/pairs.py"
sys.path.insert(0, str(SCRIPT.parent))
import pairs  # noqa: E402
import unigram  # noqa: E402

FIXTURES = ROOT / "tests/fixtures/pretrained"
PYTHON = ROOT / "build/models/venv/bin/python"
VOCABULARY = ROOT / "build/models/use-lite/vocab.json"


def stanza(package, short, *lines):
    return f"Package: {package}\nDescription-md5: 0123\nDescription-en: {short}\n" + "".join(f" {x}\n" for x in lines)


def archive(count):
    return "\n".join(stanza(f"tool{i}", f"thing number {i}", f"Program {i} turns many words of one kind into",
                            "others.", ".", " * it has a list") for i in range(count))


class Pairs(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="headcount_pairs_")
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)

    def fair(self, *stanzas):
        return [package for package, _, _ in pairs.pairs(pairs.descriptions("\n".join(stanzas)))]

    def test_a_stanza_is_read_with_white_space_joined_and_without_its_first_line(self):
        self.assertEqual(list(pairs.descriptions(archive(1))), [
            ("tool0", "thing number 0", "Program 0 turns many words of one kind into others. * it has a list")])

    def test_texts_that_two_packages_share_are_left_out_of_both(self):
        words = [f"w{i}" for i in range(60)]
        good = stanza("good", "one thing", " ".join(words))
        self.assertEqual(self.fair(good), ["good"])
        same_short = stanza("other", "One  thing", " ".join(reversed(words)))
        self.assertEqual(self.fair(good, same_short), [])
        same_opening = stanza("other", "another thing", " ".join(words[:pairs.OPENING]), "then something else")
        self.assertEqual(self.fair(good, same_opening), [])
        two_descriptions = stanza("good", "two things", " ".join(reversed(words)))
        self.assertEqual(self.fair(good, two_descriptions), [])
        self.assertEqual(self.fair(good, good), ["good"])

    def test_packages_that_are_no_fair_question_are_left_out(self):
        text = "Draws maps of places that nobody has ever seen before."
        self.assertEqual(self.fair(stanza("maps", "atlas maker", text)), ["maps"])
        for package, short, long in (("maps-dbgsym", "atlas maker", text), ("maps", "transitional atlas", text),
                                     ("maps", "atlas maker", "This is a dummy package. " + text), ("maps", "", text),
                                     ("maps", "atlas maker", "Draws maps."), ("maps", "atlas maker", ""),
                                     ("maps", "maps of places", text), ("maps", "MAPS of  places", text)):
            with self.subTest(package=package, short=short, long=long):
                self.assertEqual(self.fair(stanza(package, short, long)), [])

    def test_the_choice_knows_no_order_and_hardly_moves_when_packages_are_added(self):
        described = list(pairs.descriptions(archive(400)))
        before = pairs.chosen(pairs.pairs(described), 100, 1)
        shuffled = described[:]
        random.Random(1).shuffle(shuffled)
        self.assertEqual(pairs.chosen(pairs.pairs(shuffled), 100, 1), before)
        self.assertEqual(pairs.chosen(pairs.pairs(described), 30, 1), before[:30])
        self.assertNotEqual(pairs.chosen(pairs.pairs(described), 100, 2), before)
        after = pairs.chosen(pairs.pairs(pairs.descriptions(archive(410))), 100, 1)
        kept = [pair for pair in before if pair in after]
        self.assertGreaterEqual(len(kept), 90)
        self.assertEqual([pair for pair in after if pair in before], kept)

    def test_more_pairs_than_there_are_is_an_error_that_says_how_many(self):
        with self.assertRaisesRegex(pairs.PairsError, "only 5 packages"):
            pairs.chosen(pairs.pairs(pairs.descriptions(archive(5))), 6, 1)

    def test_hostile_descriptions_stay_text(self):
        hostile = ['"}\\n{"kind":"texts","count":9}', "\u2028 \u0085 \x0b \x1c line \x00 breaks \ufffd",
                   "Package: other", "[CLS] [SEP] [MASK] <script>alert(1)</script> $(touch x) `touch x` ../../x",
                   "w" * 5000]
        text = stanza("../../evil", "short \" ' \\ \u202e text", *hostile, "and eight words more than one might want")
        path = self.scratch / "texts.jsonl"
        pairs.write_texts(path, text + "\n" + archive(3) + "\nPackage: broken\nno field\n\n\n: :\n", 4, 1)
        rows = pairs.read_texts(path)
        self.assertEqual({row["package"] for row in rows}, {"../../evil", "tool0", "tool1", "tool2"})
        evil = next(row for row in rows if row["package"] == "../../evil")
        self.assertIn("<script>alert(1)</script> $(touch x)", evil["document"])
        self.assertEqual(len(path.read_bytes().splitlines()), 5)
        self.assertEqual([file.name for file in self.scratch.iterdir()], ["texts.jsonl"])

    def test_damaged_texts_say_which_line_and_what_to_do(self):
        path = self.scratch / "texts.jsonl"
        whole = (FIXTURES / "texts.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
        for lines, told in (([], "not a whole file"), (whole[:-1], "not a whole file"), (whole[1:], "line 1"),
                            (whole[:3] + ["{"], "line 4"), (whole[:3] + ["7"], "line 4"),
                            (whole[:3] + ['{"package":"a","query":"b"}'], "line 4: it lacks")):
            path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
            with self.assertRaisesRegex(pairs.PairsError, f"{path}.*{told}.*--texts"):
                pairs.read_texts(path)

    def test_bad_usage_ends_with_2_and_one_line_of_reason(self):
        missing = self.scratch / "none.jsonl"
        for arguments in ((), ("--texts", missing, "--count", "1"), ("--tokens", missing, missing),
                          ("--tokens", FIXTURES / "texts.jsonl", missing, "--max-tokens", "2"),
                          ("--tokens", FIXTURES / "texts.jsonl", missing, "--max-tokens", "513"),
                          ("--tokens", FIXTURES / "texts.jsonl", missing, "--model", "use-lite", "--max-tokens", "129"),
                          ("--tokens", FIXTURES / "texts.jsonl", missing, "--model", "maxilm")):
            result = subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False)
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn("pairs.py: ", result.stderr.strip().split("\n")[-1])
            self.assertNotIn("Traceback", result.stderr)
        self.assertFalse(missing.exists())

    def test_the_fixture_is_a_fair_choice(self):
        rows = [(row["package"], row["query"], row["document"]) for row in pairs.read_texts(FIXTURES / "texts.jsonl")]
        self.assertEqual(len(rows), 40)
        self.assertEqual(pairs.chosen(pairs.pairs(rows), 40, 1), rows)

    @unittest.skipUnless(PYTHON.exists(), "the model is not installed (install_model minilm of .ci/common.sh)")
    def test_tokens_of_the_fixture_are_those_that_were_committed(self):
        path = self.scratch / "tokens.jsonl"
        subprocess.run([PYTHON, SCRIPT, "--tokens", FIXTURES / "texts.jsonl", path, "--max-tokens", "48"], check=True)
        self.assertTrue(path.read_bytes() == (FIXTURES / "tokens.jsonl").read_bytes(), "the tokens differ")
        header, *rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        self.assertEqual((header["kind"], header["count"], header["max_tokens"]), ("pairs", len(rows), 48))
        for row in rows:
            for ids in (row["query"], row["document"]):
                self.assertEqual((ids[0], ids[-1]), (101, 102))  # [CLS], [SEP]
                self.assertLessEqual(len(ids), 48)
        self.assertIn(48, {len(row["document"]) for row in rows})

    def test_pieces_are_those_with_the_largest_sum(self):
        pieces = [("�", 0)] * unigram.RESERVED + [("▁", -1.0), ("a", -2.0), ("b", -2.0), ("ab", -3.0), ("▁a", -2.5),
                                                  ("b", -1.0), (":", None), ("abc", -1.0)]
        encode = unigram.Unigram(pieces).encode
        for text, ids in (("", []), ("a", [10]), ("ab", [10, 11]),  # -3.5 instead of -4, by the later b
                          ("ba", [6, 11, 7]), ("abc", [6, 13]), ("a:b", [10, 12, 11]), ("xy", [6, 0]),
                          ("ａ\u00a0a", [10, 10])):
            with self.subTest(text=text):
                self.assertEqual(encode(text), ids)

    @unittest.skipUnless(VOCABULARY.exists(), "the model is not installed (install_model use-lite of .ci/common.sh)")
    def test_tokens_of_use_lite_are_those_of_its_own_tokenizer(self):
        path = self.scratch / "tokens.jsonl"
        subprocess.run([sys.executable, SCRIPT, "--tokens", FIXTURES / "texts.jsonl", path, "--model", "use-lite",
                        "--max-tokens", "48"], check=True)
        self.assertTrue(path.read_bytes() == (FIXTURES / "use_lite_tokens.jsonl").read_bytes(), "the tokens differ")
        goldens = json.loads((FIXTURES / "use_lite_goldens.json").read_text(encoding="utf-8"))
        texts = (FIXTURES / "use_lite_odd.jsonl").read_text(encoding="utf-8").splitlines()
        self.assertEqual(len(texts), len(goldens["odd_ids"]))
        tokenizer = unigram.Unigram.read(VOCABULARY)
        for line, ids in zip(texts, goldens["odd_ids"]):
            text = json.loads(line)["text"]
            with self.subTest(text=text):
                self.assertEqual(tokenizer.encode(text), ids)


if __name__ == "__main__":
    unittest.main()
