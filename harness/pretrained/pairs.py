#!/usr/bin/env python3
"""Makes the pairs of texts that a trained encoder must match: the short and the long description of Debian packages.

pairs.py --texts OUT.jsonl [--count N] [--seed S]               chooses N packages and writes their texts
pairs.py --tokens TEXTS.jsonl OUT.jsonl [--model NAME] [--max-tokens M]
                                                                writes the texts as the token ids of the model

The texts come from Debian 12's own list of translations, which apt fetches into a folder of ours and checks. The list
is the same on every architecture. Tokens of minilm need the Python that has them: build/models/venv/bin/python.
"""
import argparse
import collections
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import typing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))  # interpreters may run isolated
import unigram  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
LISTS = ROOT / "build/models/lists"
SOURCE = "Debian 12 main, package descriptions"

SHORTEST_DOCUMENT = 8  # words; what is shorter says no more than the short description
OPENING = 24           # words that tell a long description from all others: a model that reads 48 tokens sees these
UNTOLD = re.compile(r"\b(transitional|dummy)\b", re.IGNORECASE)  # says why a package exists, not what it is
SYMBOLS = re.compile(r"-dbg(sym)?$")

# Applied last. System hooks and index files of other kinds are left out: nothing but our folder changes, as any user.
APT_SETTINGS = """
#clear Acquire::Languages;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Acquire::Languages {{ "en"; }};
Acquire::IndexTargets::deb::Packages::DefaultEnabled "false";
APT::Sandbox::User "";
Dir::State::Lists "{folder}/lists";
Dir::Cache "{folder}/cache";
"""


class PairsError(Exception):
    """Says where, what, and what to do."""


def descriptions_of_debian(folder):
    """Fetches what is new of Debian 12's English descriptions into the folder, and returns their text."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    settings = folder / "apt.conf"
    settings.write_text(APT_SETTINGS.format(folder=folder), encoding="utf-8")
    update = apt(["apt-get", "update", "-qq", "-c", settings])
    found = apt(["apt-get", "indextargets", "-c", settings, "--format", "$(FILENAME)", "Created-By: Translations",
                 "Origin: Debian", "Codename: bookworm", "Component: main", "Language: en"])
    files = found.stdout.decode().split("\n")[:-1]
    if len(files) != 1:
        raise PairsError(f"{folder}: apt found {len(files)} lists of Debian 12's English descriptions, wanted one; the "
                         f"sources of apt must name bookworm main and be reachable. {last_line(update.stderr)}")
    listed = apt(["/usr/lib/apt/apt-helper", "cat-file", files[0]])
    if listed.returncode != 0:
        raise PairsError(f"{files[0]}: {last_line(listed.stderr)}; delete {folder} and run again")
    return listed.stdout.decode("utf-8", errors="replace")


def apt(command):
    try:
        return subprocess.run(command, capture_output=True, check=False, env=dict(os.environ, LC_ALL="C.UTF-8"))
    except OSError as error:
        raise PairsError(f"{command[0]}: {error.strerror}; the texts are made on Debian 12") from error


def last_line(output):
    return (output.decode("utf-8", errors="replace").strip().split("\n") or [""])[-1]


def descriptions(text):
    """Yields (package, short, long) of a Translation-en file, white space joined."""
    for stanza in re.split(r"\n{2,}", text):
        fields = re.match(r"Package: (\S+)\n(?:[^ \n].*\n)*?Description-en: (.*)\n?((?: .*\n?)*)", stanza)
        if fields:
            package, short, lines = fields.groups()
            yield package, joined(short), joined("\n".join(line for line in lines.split("\n") if line != " ."))


def joined(text):
    return " ".join(text.split())


def opening(text):
    return " ".join(text.lower().split()[:OPENING])


def pairs(described):
    """The packages whose two descriptions are a fair question and its one answer.

    Left out: a package with two descriptions; texts that others have too, of long ones the opening words, because two
    right answers make a wrong one; a long description that repeats the short one word for word, because finding it
    takes no understanding, and cutting the words out would leave sentences that nobody wrote.
    """
    described = sorted(set(described))
    names = collections.Counter(package for package, _, _ in described)
    queries = collections.Counter(short.lower() for _, short, _ in described)
    openings = collections.Counter(opening(text) for _, _, text in described)
    return [(package, short, text) for package, short, text in described
            if names[package] == queries[short.lower()] == openings[opening(text)] == 1
            and short and len(text.split()) >= SHORTEST_DOCUMENT and short.lower() not in text.lower()
            and not SYMBOLS.search(package) and not UNTOLD.search(f"{short} {text}")]


def chosen(fair, count, seed):
    """`count` pairs by a hash of seed and name: a package that is added displaces one at most, and a smaller choice is
    the beginning of a larger one."""
    if count > len(fair):
        raise PairsError(f"--count {count}: only {len(fair)} packages have descriptions that fit; take fewer")
    return sorted(fair, key=lambda pair: hashlib.sha256(f"{seed}\n{pair[0]}".encode()).digest())[:count]


def write_lines(path, rows):
    """All of the file or nothing."""
    part = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(part, "w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, separators=(",", ":")) + "\n")
    os.replace(part, path)


def write_texts(path, text, count, seed):
    rows = [{"package": package, "query": short, "document": long}
            for package, short, long in chosen(pairs(descriptions(text)), count, seed)]
    write_lines(path, [{"kind": "texts", "count": count, "seed": seed, "source": SOURCE}, *rows])


def read_texts(path):
    """The pairs of a file that --texts wrote."""
    rows = []
    with open(path, encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, 1):
            try:
                rows.append(json.loads(line))
                wanted = ("kind", "count") if number == 1 else ("package", "query", "document")
                if not isinstance(rows[-1], dict) or not all(key in rows[-1] for key in wanted):
                    raise ValueError(f"it lacks {' or '.join(wanted)}")
            except ValueError as error:
                raise PairsError(f"{path} line {number}: {error}; write it again with --texts") from error
    if not rows or rows[0]["kind"] != "texts" or rows[0]["count"] != len(rows) - 1:
        raise PairsError(f"{path}: not a whole file of texts; write it again with --texts")
    return rows[1:]


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def word_pieces(path, max_tokens):
    """Makes ids of a list of texts, by the library that the model came with."""
    try:
        import tokenizers
    except ImportError as error:
        raise PairsError(f"{sys.executable}: {error}; run with build/models/venv/bin/python, which ./test.sh "
                         "installs") from error
    tokenizer = tokenizers.Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return lambda texts: [encoding.ids for encoding in tokenizer.encode_batch(texts)]


def unigrams(path, max_tokens):
    tokenizer = unigram.Unigram.read(path)
    return lambda texts: [tokenizer.encode(text)[:max_tokens] for text in texts]


@dataclasses.dataclass(frozen=True)
class Model:
    tokenizer: pathlib.Path
    limits: tuple  # of --max-tokens
    encoder_of: typing.Callable
    names_vocabulary: bool = False  # files of its tokens say how many there are, so that no other model takes them


MODELS = {
    # One word between [CLS] and [SEP]; the positions that the model has learned.
    "minilm": Model(ROOT / "build/models/minilm/tokenizer.json", (3, 512), word_pieces),
    # The graph drops what comes later. Most ids are ids of minilm too.
    "use-lite": Model(ROOT / "build/models/use-lite/vocab.json", (1, 128), unigrams, names_vocabulary=True),
}


def write_tokens(texts, path, name, max_tokens):
    model = MODELS[name]
    low, high = model.limits
    if not low <= max_tokens <= high:
        raise PairsError(f"--max-tokens {max_tokens}: must be within {low} and {high} for {name}")
    rows = read_texts(texts)
    if not model.tokenizer.is_file():
        raise PairsError(f"{model.tokenizer}: no such file; ./test.sh installs it")
    encode = model.encoder_of(model.tokenizer, max_tokens)
    queries = encode([row["query"] for row in rows])
    documents = encode([row["document"] for row in rows])
    header = {"kind": "pairs", "count": len(rows), "max_tokens": max_tokens,
              "tokenizer_sha256": sha256(model.tokenizer), "texts_sha256": sha256(texts), "source": SOURCE}
    if model.names_vocabulary:
        config = json.loads(model.tokenizer.with_name("config.json").read_text(encoding="utf-8"))
        header["vocabulary"] = config["vocab_size"]
    write_lines(path, [
        header,
        *({"package": row["package"], "query": query, "document": document}
          for row, query, document in zip(rows, queries, documents))])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="Exit codes: 0 written; 2 usage, or something is missing or damaged.")
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--texts", type=pathlib.Path, metavar="OUT", help="choose packages and write their texts")
    task.add_argument("--tokens", type=pathlib.Path, nargs=2, metavar=("TEXTS", "OUT"), help="write texts as token ids")
    parser.add_argument("--count", type=int, default=2000, help="how many pairs (default: 2000)")
    parser.add_argument("--seed", type=int, default=1, help="chooses others (default: 1)")
    parser.add_argument("--model", choices=MODELS, default="minilm", help="whose tokens (default: minilm)")
    parser.add_argument("--max-tokens", type=int, default=64, help="of a text, with [CLS] and [SEP] (default: 64)")
    arguments = parser.parse_args()
    if arguments.count < 2:
        parser.error("--count must be at least 2: there is nothing to tell apart")
    try:
        if arguments.texts:
            write_texts(arguments.texts, descriptions_of_debian(LISTS), arguments.count, arguments.seed)
        else:
            write_tokens(*arguments.tokens, arguments.model, arguments.max_tokens)
    except (PairsError, OSError) as error:
        print(f"pairs.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
