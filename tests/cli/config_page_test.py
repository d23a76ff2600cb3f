#!/usr/bin/env python3
"""docs/config.md: its tables are those of the program, its examples have as many points as they say.

usage: config_page_test.py HEADCOUNT SOURCE_DIR [--write]
--write puts the tables of `headcount list keys` into the page.
"""

import json
import pathlib
import re
import sys
import tempfile
import unittest

from support import SOURCE, main, run

PAGE = SOURCE / "docs" / "config.md"
TABLES = re.compile(r"(<!-- keys: [^\n]*-->\n)(.*?)(<!-- end of keys -->)", re.DOTALL)


def tables():
    done = run("list", "keys")
    assert done.returncode == 0, done.stderr
    return done.stdout


class Page(unittest.TestCase):
    def test_its_tables_are_those_of_the_program(self):
        self.assertEqual(TABLES.search(PAGE.read_text()).group(2), tables(), "write them with --write")

    def test_every_key_of_the_schema_is_in_them(self):
        schema = json.loads(run("list", "schema").stdout)
        keys = set(schema["properties"])
        for name in ("protocol", "claims", "parts", "profiles"):
            definition = schema["$defs"].get(name, {})
            inner = definition.get("properties") or definition.get("items", {}).get("properties") or {}
            keys |= set(inner)
        self.assertGreater(len(keys), 20)
        page = PAGE.read_text()
        for key in keys:
            self.assertIn(f"`{key}`", page)

    def test_its_examples_have_as_many_points_as_they_say(self):
        examples = re.findall(r"^```yaml\n# (\d+) points?([^\n]*)\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
        self.assertGreaterEqual(len(examples), 6)
        self.assertEqual(len(examples), PAGE.read_text().count("```yaml"))
        with tempfile.TemporaryDirectory() as folder:
            for count, more, text in examples:
                config = pathlib.Path(folder) / "example.yaml"
                config.write_text(text)
                profile = re.match(r" with (--profile \w+), (\d+) without", more)
                asked = [(int(count), profile.group(1).split()), (int(profile.group(2)), [])] if profile else [(int(count), [])]
                for points, options in asked:
                    with self.subTest(text=text, options=options):
                        done = run("run", config, "--dry-run", *options)
                        self.assertEqual(done.returncode, 0, done.stderr)
                        self.assertNotIn("no verdict", done.stderr)
                        planned = re.findall(r"(?m)^time +\S+/naive/", done.stdout)
                        self.assertEqual(len(planned), points, done.stdout)


if __name__ == "__main__":
    if "--write" in sys.argv:
        sys.argv.remove("--write")
        PAGE.write_text(TABLES.sub(lambda found: found.group(1) + tables() + found.group(3), PAGE.read_text()))
    main()
