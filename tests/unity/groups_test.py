#!/usr/bin/env python3
"""Which sources may be compiled as one: those that cannot take another's private names for their own."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "harness/unity"))
import groups


def source(private: str, rest: str = "", space: str = "headcount") -> str:
    return f"namespace {space} {{\nnamespace {{\n\n{private}\n\n}}  // namespace\n\n{rest}\n\n}}  // namespace {space}\n"


LARGEST_BYTES = 60_000


class Groups(unittest.TestCase):
    def groups(self, **texts):
        """The names of the files that stand together."""
        groups.header.cache_clear()
        with tempfile.TemporaryDirectory() as folder:
            groups.ROOT = pathlib.Path(folder)
            (groups.ROOT / "harness").mkdir()
            for name, text in texts.items():
                name = f"harness/{name[:-4]}.hpp" if name.endswith("_hpp") else f"{name}.cpp"
                (groups.ROOT / name).write_text(text)
            found = groups.groups_of((str(p) for p in groups.ROOT.glob("*.cpp")), LARGEST_BYTES)
            return [[pathlib.Path(s.path).stem for s in group.sources] for group in found]

    def test_nothing_shared_is_one_group(self):
        self.assertEqual(self.groups(a=source("int f() { return 1; }"), b=source("int g() { return 2; }")), [["a", "b"]])

    def test_one_name_twice_is_two(self):
        for twice in (
            "int f() { return 1; }",
            "constexpr int kSize = 3;",
            "struct Options {\n    int a;\n};",
            "template <class T>\nT f(T x) { return x; }",
            "using Row = int;",
            "std::vector<int> f(\n    int x) {\n    return {x};\n}",
            "constexpr char kText[] = R\"(\nx)\";",
            "const Table& f() {\n    return t;\n}",
            "[[noreturn]] void f(int) { throw 1; }",
            "enum class Kind : int { a, b };",
            "static const std::map<int, int> f{{1, 2}};",
        ):
            with self.subTest(twice):
                self.assertEqual(self.groups(a=source(twice), b=source(twice)), [["a"], ["b"]])

    def test_a_name_that_means_something_else_elsewhere(self):
        user = source("int g() { return 2; }", "int h() { return f(1); }")
        self.assertEqual(self.groups(a=source("int f(long) { return 1; }"), b=user), [["a"], ["b"]])

    def test_words_of_comments_and_texts_do_not_count(self):
        user = source("int g() { return 2; }", '// f is not called\nconst char* h() { return "f"; }')
        self.assertEqual(self.groups(a=source("int f() { return 1; }"), b=user), [["a", "b"]])

    def test_what_is_private_further_in_disturbs_nobody_outside(self):
        inner = source("int f() { return 1; }", space="headcount::rules")
        self.assertEqual(self.groups(a=inner, b=source("int f() { return 1; }", space="headcount::claims")), [["a", "b"]])
        self.assertEqual(self.groups(a=inner, b=source("int f() { return 1; }")), [["a"], ["b"]])

    def test_a_header_that_comes_later_counts_with_what_it_includes(self):
        self.assertEqual(
            self.groups(
                a=source("struct Matrix {};"),
                b='#include "harness/outer.hpp"\n' + source("int g() { return 2; }"),
                outer_hpp='#include "harness/inner.hpp"\n',
                inner_hpp="namespace headcount {\n\nstruct Matrix {\n    int a;\n};\n\n}  // namespace headcount\n",
            ),
            [["a"], ["b"]],
        )

    def test_macros_reach_as_far_as_the_file_goes(self):
        self.assertEqual(self.groups(a="#define SIZE 3\n", b="int size() { return SIZE; }\n", c="int c;\n"), [["a", "c"], ["b"]])

    def test_who_replaces_operators_of_the_whole_program_is_alone(self):
        self.assertEqual(self.groups(a="void operator delete(void* p) noexcept { free(p); }\n", b="int b;\n"), [["a"], ["b"]])

    def test_no_group_is_too_large(self):
        half = "//" + "x" * (LARGEST_BYTES * 2 // 3) + "\n"
        self.assertEqual(self.groups(a=half, b=half), [["a"], ["b"]])


if __name__ == "__main__":
    unittest.main()
