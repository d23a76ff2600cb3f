#!/usr/bin/env python3
"""Runs in surroundings as they are elsewhere: containers, machines that list no caches, and other people's environments.

usage: surroundings_test.py HEADCOUNT SOURCE_DIR
What this machine does not let us build (a control group, a mount) is skipped by name.
"""

import contextlib
import csv
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from support import HEADCOUNT, main, run

CONFIG = """
question: Do surroundings bend anything?
problem: {variant: multi_head, embed_dim: 64, seq_len: 32}
axes:
  backend: [blas, simd]
  num_heads: [1, 2]
compare_by: num_heads
protocol: {min_rounds: 5, max_rounds: 5, min_sample_s: 0.0001, budget_s: 20}
"""
# What a user may have exported for quite another program, one of each library.
HOSTILE = {
    "BENCHMARK_REPETITIONS": "3",
    "BENCHMARK_REPORT_AGGREGATES_ONLY": "true",
    "BENCHMARK_FILTER": "nothing",
    "BENCHMARK_DRY_RUN": "true",
    "OMP_NUM_THREADS": "7",
    "OMP_WAIT_POLICY": "ACTIVE",
    "OMP_DISPLAY_ENV": "VERBOSE",
    "OPENBLAS_NUM_THREADS": "1",
    "OPENBLAS_VERBOSE": "2",
    "GOTO_NUM_THREADS": "1",
    "MKL_VERBOSE": "1",
    "ONEDNN_VERBOSE": "all",
    "DNNL_VERBOSE": "2",
    "MALLOC_PERTURB_": "165",
    "MALLOC_ARENA_MAX": "1",
    "GLIBC_TUNABLES": "glibc.malloc.perturb=7",
    "PYTHONINSPECT": "1",
    "PYTHONVERBOSE": "1",
    "LC_ALL": "tr_TR.UTF-8",
    "LANG": "de_DE.UTF-8",
}


@contextlib.contextmanager
def control_group(controller, limits):
    """A group of version 1 or 2 with these limits, as a prefix of a command; None where this machine has no such."""
    for folder in (pathlib.Path("/sys/fs/cgroup") / controller, pathlib.Path("/sys/fs/cgroup")):
        place = folder / f"headcount-test-{os.getpid()}"
        try:
            place.mkdir()
        except OSError:
            continue
        try:
            for name, value in limits.items():
                if (place / name).exists():
                    (place / name).write_text(value)
            made = any((place / name).exists() for name in limits)
            yield ["sh", "-c", f'echo $$ > {place}/cgroup.procs && exec "$@"', "sh"] if made else None
        except OSError:
            yield None
        finally:
            with contextlib.suppress(OSError):
                place.rmdir()
        return
    yield None


def private_mount(command):
    """A prefix that runs the rest after `command` in a mount namespace of its own; None where that is not allowed."""
    prefix = ["unshare", "--mount", "sh", "-c", f'{command} && exec "$@"', "sh"]
    if not shutil.which("unshare"):
        return None
    return prefix if subprocess.run([*prefix, "true"], capture_output=True).returncode == 0 else None


class Surroundings(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.config = self.root / "config.yaml"
        self.config.write_text(CONFIG)
        self.result = self.root / "result.jsonl"

    def within(self, prefix, *words, **more):
        return subprocess.run([*prefix, HEADCOUNT, *map(str, words)], capture_output=True, text=True, timeout=300,
                              cwd=self.root, **more)

    def measure(self, *words, expect=0, prefix=(), **more):
        done = self.within(prefix, "run", self.config, "--output", self.result, *words, **more)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return [json.loads(line) for line in self.result.read_text().splitlines()]

    def test_the_memory_limit_of_a_control_group_is_that_of_the_plan(self):
        limit = 400 << 20
        with control_group("memory", {"memory.limit_in_bytes": str(limit), "memory.max": str(limit)}) as prefix:
            if prefix is None:
                self.skipTest("unavailable: no control group of memory can be made here")
            plan = self.within(prefix, "run", self.config, "--dry-run")
            self.assertEqual(plan.returncode, 0, plan.stderr)
            told = float(re.search(r"limit ([0-9.]+) MiB", plan.stdout)[1])
            self.assertLessEqual(told, 0.8 * 400 + 0.1)
            self.assertGreater(told, 0.8 * 300)  # what the program itself uses, and no more
            # Reading a file fills the group's page cache, which is given back when it is needed.
            cache = self.root / "cache"
            cache.write_bytes(bytes(200 << 20))
            reader = ["sh", "-c", f'cat {cache} > /dev/null; cat {cache} > /dev/null; exec "$@"', "sh"]
            plan = self.within([*prefix, *reader], "run", self.config, "--dry-run")
            self.assertGreater(float(re.search(r"limit ([0-9.]+) MiB", plan.stdout)[1]), 0.8 * 300)
            run_record = self.measure(prefix=prefix)[0]
            self.assertIn(str(limit), run_record["environment"]["memory.cgroup_limit"])
            skipped = self.within(prefix, "run", self.config, "--dry-run", "--set", "seq_len=16384",
                                  "--set", "variant=multi_head")
            self.assertIn("the limit is 0.", skipped.stdout)

    def test_a_quota_of_processors_skips_points_with_more_threads(self):
        with control_group("cpu", {"cpu.cfs_quota_us": "100000", "cpu.max": "100000 100000"}) as prefix:
            if prefix is None:
                self.skipTest("unavailable: no control group of processor time can be made here")
            records = self.measure("--set", "num_threads=1,2", prefix=prefix)
        outcomes = {r["point"]: r for r in records if r["kind"] == "point"}
        for point, record in outcomes.items():
            two = "num_threads=2" in point
            self.assertEqual(record["outcome"], "skipped" if two else "measured", record)
            self.assertEqual("may use 1 processor" in record.get("reason", ""), two)

    def test_an_affinity_of_one_processor_skips_points_with_more_threads(self):
        prefix = ["taskset", "-c", str(min(os.sched_getaffinity(0)))]
        records = self.measure("--set", "num_threads=1,2", prefix=prefix)
        self.assertEqual({r["outcome"] for r in records if r["kind"] == "point" and "num_threads=2" in r["point"]},
                         {"skipped"})

    def test_a_thousand_threads_are_skipped_at_once_and_said_so(self):
        records = self.measure("--set", "num_threads=1,1000")
        reasons = [r["reason"] for r in records if r["kind"] == "point" and "num_threads=1000" in r["point"]]
        self.assertEqual(len(reasons), 4)
        done = self.within((), "run", self.config, "--output", self.root / "none.jsonl", "--set", "num_threads=1000")
        self.assertEqual(done.returncode, 4, done.stdout)  # nothing else is asked: nothing can run
        reasons.append(done.stderr)
        for reason in reasons:
            self.assertRegex(reason, r"num_threads=1000, where this process may use \d+ processor.*oversubscribe")

    def test_oversubscription_by_name_is_measured_and_every_table_marks_it(self):
        threads = len(os.sched_getaffinity(0)) + 1
        self.config.write_text(CONFIG.replace("budget_s: 20", "budget_s: 20, oversubscribe: true") + """
claims:
  - {id: FAST, says: it is as fast, metric: time, across: num_heads, expect: {within: 0.5}}
""")
        records = self.measure("--set", f"num_threads=1,{threads}")
        self.assertEqual({r["outcome"] for r in records if r["kind"] == "point"}, {"measured"})
        self.assertFalse([key for key in records[0]["limits"] if key.endswith(f"threads={threads}")])
        mark = f"{threads} threads on {threads - 1} processor"
        for words in (["table"], ["table", "--beside", "multi_head/simd"], ["verify"], ["verify", "--explain"]):
            for form in ("terminal", "markdown", "latex"):
                with self.subTest(words=words, form=form):
                    command, *rest = words
                    shown = run(command, self.result, *rest, "--format", form)
                    self.assertIn(mark, shown.stdout + shown.stderr)
        shown = run("diff", self.result, self.result, "--between", "backend=blas,simd")
        self.assertIn(f"oversubscribed: {threads} threads", re.sub(r"\s+", " ", shown.stdout), shown.stderr)
        rows = list(csv.DictReader(io.StringIO(run("table", self.result, "--format", "csv").stdout)))
        self.assertEqual(sum(mark in row["note"] for row in rows), 4)
        run("export", self.result, "--format", "csv", "--output", self.root / "csv")
        with open(self.root / "csv" / "points.csv", encoding="utf-8") as file:
            marked = {row["num_threads"]: row["oversubscribed"] for row in csv.DictReader(file)}
        self.assertEqual(marked, {"1": "false", str(threads): "true"})

    def test_a_machine_that_lists_no_caches_has_whole_bounds(self):
        caches = "/sys/devices/system/cpu/cpu0/cache"
        prefix = private_mount(f"mount -t tmpfs none {caches}") if os.path.exists(caches) else []
        if prefix is None:
            self.skipTest("unavailable: no mount namespace can be made here")
        records = self.measure(prefix=prefix)
        environment = records[0]["environment"]
        if environment["cpu.caches"].startswith("unavailable"):
            self.skipTest("unavailable: this processor tells its caches in files only")
        self.assertNotIn("files", environment["cpu.caches_source"])
        self.assertRegex(environment["cpu.caches"], r"L1 Data \d+K \(\d+ processors?\)")
        self.assertTrue([key for key in records[0]["limits"] if key.startswith("cache_bytes.L1")])
        self.assertNotIn("partial", run("table", self.result).stdout)
        run("export", self.result, "--format", "gbench", "--output", self.root / "gbench.json")
        context = json.loads((self.root / "gbench.json").read_text())["context"]
        self.assertEqual(context["num_cpus"], os.cpu_count())
        self.assertTrue(all(cache["size"] > 0 and cache["num_sharing"] > 0 for cache in context["caches"]))
        self.assertIn(1, [cache["level"] for cache in context["caches"]])

    def test_variables_of_libraries_bend_no_measurement(self):
        records = self.measure(env={**os.environ, **HOSTILE})
        self.assertEqual({r["outcome"] for r in records if r["kind"] == "point"}, {"measured"})
        environment = records[0]["environment"]
        for name, value in HOSTILE.items():
            with self.subTest(name=name):
                self.assertRegex(environment[f"env.{name}"], rf"^(cleared|set to .*), was {re.escape(value)}$")
        # The same run in another environment: what was cleared makes no difference.
        again = self.within([], "run", self.config, "--output", self.result)
        self.assertEqual(again.returncode, 0, again.stderr)

    def test_each_variable_alone_bends_no_measurement(self):
        for name in ("BENCHMARK_REPETITIONS", "BENCHMARK_FILTER", "BENCHMARK_FORMAT", "ONEDNN_VERBOSE"):
            with self.subTest(name=name):
                self.result.unlink(missing_ok=True)
                value = {"BENCHMARK_FORMAT": "json"}.get(name, HOSTILE.get(name))
                records = self.measure(env={**os.environ, name: value})
                self.assertEqual({r["outcome"] for r in records if r["kind"] == "point"}, {"measured"})

    def test_other_kernels_are_another_run(self):
        self.measure()
        other = self.within([], "run", self.config, "--output", self.result, "--set", "backend=blas,simd",
                            env={**os.environ, "OPENBLAS_CORETYPE": "Nehalem"})
        self.assertEqual(other.returncode, 2, other.stdout)
        self.assertIn("OPENBLAS_CORETYPE", other.stderr)

    def test_doctor_prints_what_became_of_the_variables(self):
        shown = run("doctor", "--budget", "3s", "--quiet", env={**os.environ, "BENCHMARK_REPETITIONS": "3",
                                                                "OPENBLAS_CORETYPE": "Nehalem"})
        self.assertIn(shown.returncode, (0, 3), shown.stderr)
        self.assertIn("BENCHMARK_REPETITIONS: cleared, was 3", shown.stdout)
        self.assertIn("OPENBLAS_CORETYPE: Nehalem", shown.stdout)
        self.assertIn("LC_ALL: set to C.UTF-8", shown.stdout)

    def test_limits_of_more_threads_than_processors_are_refused(self):
        shown = run("doctor", "--limits", "--threads", "1000")
        self.assertEqual(shown.returncode, 2, shown.stdout)
        self.assertIn("may use", shown.stderr)


if __name__ == "__main__":
    main()
