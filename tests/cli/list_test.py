#!/usr/bin/env python3
"""What asks for no run: lists, published tables, version and help.

usage: list_test.py HEADCOUNT SOURCE_DIR
"""

import unittest

from support import main, run


class Lists(unittest.TestCase):
    def test_every_list_says_something(self):
        for what in ("variants", "backends", "metrics", "claims", "configs", "conventions"):
            result = run("list", what)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertGreater(len(result.stdout.splitlines()), 1, what)

    def test_a_published_table_prints_theirs_beside_ours(self):
        result = run("table", "vaswani2017_table3")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("does not reproduce", result.stdout)

    def test_version_and_help(self):
        self.assertIn("commit", run("--version").stdout)
        self.assertIn("Exit codes", run("--help").stdout)
        self.assertEqual(run("frobnicate").returncode, 2)


if __name__ == "__main__":
    main()
