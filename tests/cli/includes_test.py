#!/usr/bin/env python3
"""The checker of includes says no: each fault in a small tree of its own is found, and a tree without one passes."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / ".ci"))

import includes  # noqa: E402
from layers import module, room  # noqa: E402

LAYERS = [
    module("core", "below"),
    module("house", "with rooms", "core", "fmt"),
    room("house/cellar", "low"),
    room("house/attic", "high", "cellar"),
]
GOOD = {
    "harness/core/a.hpp": "#include <vector>\n",
    "harness/house/cellar/b.hpp": '#include "harness/core/a.hpp"\n#include <fmt/format.h>\n',
    "harness/house/attic/c.cpp": '#include "harness/house/cellar/b.hpp"\n',
}


class Checker(unittest.TestCase):
    def complaints(self, files, layers=None, doc=None):
        layers = layers or LAYERS
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in files.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            (root / "docs").mkdir()
            empty = includes.BEGIN + includes.END
            (root / "docs" / "design.md").write_text(includes.with_table(empty, layers) if doc is None else doc)
            return list(includes.complaints(root, layers))

    def only(self, expected, *arguments, **more):
        found = self.complaints(*arguments, **more)
        self.assertEqual(len(found), 1, found)
        self.assertIn(expected, found[0])

    def test_a_good_tree_passes(self):
        self.assertEqual(self.complaints(GOOD), [])

    def test_an_arrow_up_between_modules_and_between_rooms(self):
        self.only("core may not include harness/house/cellar/b.hpp",
                  GOOD | {"harness/core/d.cpp": '#include "harness/house/cellar/b.hpp"\n'})
        self.only("house/cellar may not include harness/house/attic/e.hpp",
                  GOOD | {"harness/house/attic/e.hpp": "", "harness/house/cellar/d.cpp": '#include "harness/house/attic/e.hpp"\n'})

    def test_two_types_of_one_name_in_one_namespace(self):
        space, end = "namespace x {\n", "}  // namespace x\n"
        one, other = "struct Same {\n    int a;\n};\n", "class Same final : public Base {\n};\n"
        places = {"harness/core/d.hpp": space + one + end, "harness/house/attic/d.cpp": space + other + end}
        self.only("x::Same is another type in harness/core/d.hpp", GOOD | places)
        hidden = "namespace x {\nnamespace {\n" + other + "}  // namespace\n" + end
        self.assertEqual(self.complaints(GOOD | places | {"harness/house/attic/d.cpp": hidden}), [])
        elsewhere = "namespace y {\n" + other + "}  // namespace y\n"
        self.assertEqual(self.complaints(GOOD | places | {"harness/house/attic/d.cpp": elsewhere}), [])

    def test_a_library_that_a_module_may_not_see(self):
        self.only("core may not include <fmt/format.h>", GOOD | {"harness/core/d.cpp": "#include <fmt/format.h>\n"})

    def test_a_header_that_is_slow_to_compile_outside_of_its_place(self):
        layers = [*LAYERS, module("cli", "commands", "*", "CLI")]
        parser = "#include <CLI/CLI.hpp>\n"
        self.assertEqual(self.complaints(GOOD | {"harness/cli/main.cpp": parser}, layers), [])
        self.only("CLI/CLI.hpp is slow to compile; only harness/cli/main.cpp may include it",
                  GOOD | {"harness/cli/commands/x.cpp": parser}, layers)

    def test_a_circle_among_files_of_one_room(self):
        self.only("a circle of includes", GOOD | {"harness/core/d.hpp": '#include "harness/core/e.hpp"\n',
                                                  "harness/core/e.hpp": '#include "harness/core/d.hpp"\n'})

    def test_a_table_with_an_arrow_up(self):
        upward = [LAYERS[0], LAYERS[1], room("house/cellar", "low", "attic"), LAYERS[3]]
        self.only("which does not stand above it", GOOD, upward)

    def test_a_folder_that_is_no_room_and_a_room_without_files(self):
        self.only("is no room of house", GOOD | {"harness/house/hall/d.cpp": ""})
        self.only("house/hall has no files", GOOD, LAYERS + [room("house/hall", "empty")])
        self.only("no layer holds it", GOOD | {"harness/shed/d.cpp": ""})

    def test_a_page_that_shows_another_table(self):
        self.only("its table is not that of", GOOD, doc=includes.BEGIN + "| core | | |\n" + includes.END)
        self.only("is gone", GOOD, doc="no table\n")

    def test_a_file_that_is_too_long(self):
        long = "//\n" * (includes.LONGEST + 1)
        self.only("divide it by idea", GOOD | {"tests/core/d_test.cpp": long})
        self.assertEqual(self.complaints(GOOD | {"tests/core/d_test.cpp": "//\n" * includes.LONGEST}), [])

    def test_a_list_of_fields_beside_the_table(self):
        names = sorted(includes.FIELDS_LOOKED_FOR)
        quoted = lambda some: ", ".join(f'"{name}"' for name in some)
        with tempfile.TemporaryDirectory() as folder:
            core = pathlib.Path(folder) / "harness" / "core"
            core.mkdir(parents=True)
            (core / "base_fields.cpp").write_text(quoted(names))
            few, many = core / "few.cpp", core / "many.cpp"
            few.write_text(quoted(names[:includes.MOST_FIELDS_NAMED]))
            self.assertEqual(list(includes.field_lists(pathlib.Path(folder))), [])
            many.write_text(quoted(names[:includes.MOST_FIELDS_NAMED + 1]))
            self.assertIn("many.cpp:1: lists fields", "".join(includes.field_lists(pathlib.Path(folder))))
            (core / "base_fields.cpp").write_text(quoted(names[1:]))
            self.assertIn(f"{names[0]} are fields no more", "".join(includes.field_lists(pathlib.Path(folder))))


if __name__ == "__main__":
    unittest.main()
