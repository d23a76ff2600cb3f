#!/usr/bin/env python3
"""A newcomer needs a table, a figure and a sentence for a paper tonight: from a config of twelve lines to a compiled page.

Written with the README and docs/config.md alone. What LaTeX says of the page is held to: no reference is undefined, no box
sticks out, and the words of table, figure and sentence stand on it.

usage: paper_test.py HEADCOUNT SOURCE_DIR
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from support import SOURCE, main, run  # noqa: E402

CONFIG = """\
question: Do more heads cost a layer time here?
problem: {embed_dim: 64, seq_len: 64, backend: simd}
axes:
  variant: [multi_head, streaming]
  causal: [false, true]
  num_heads: [1, 2, 4, 8]
compare_by: num_heads
protocol: {min_rounds: 10, max_rounds: 10, min_sample_s: 0.0005, budget_s: 60}
claims:
  - {id: free, says: heads cost no time, metric: time, across: num_heads, base: 1, expect: {at_most: 1.1},
     source: vaswani2017}
"""

PAGE = r"""
\documentclass[10pt,a4paper]{article}
\usepackage[margin=2.5cm]{geometry}
\usepackage{booktabs,graphicx}
\begin{document}
\noindent \input{sentence}
See Table~\ref{tab:mine} and Figure~\ref{fig:mine}.
\input{table}
\begin{figure}
  \centering
  \includegraphics{FIGURE}
  \caption{CAPTION}
  \label{fig:mine}
\end{figure}
\bibliographystyle{plain}
\bibliography{sources}
\end{document}
"""

WIDEST_OVERFULL_PT = 1


def plain(text):
    """Letters and digits alone: line breaks, hyphens and ligatures of a page are no difference."""
    for ligature, letters in (("\ufb01", "fi"), ("\ufb02", "fl"), ("\ufb00", "ff"), ("\ufb03", "ffi")):
        text = text.replace(ligature, letters)
    return re.sub(r"[\W_]", "", text).lower()


class Paper(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if shutil.which("pdflatex") is None or shutil.which("pdftotext") is None:
            raise AssertionError("pdflatex and pdftotext are missing; ./test.sh installs them (packages.txt)")
        cls.folder = tempfile.TemporaryDirectory()
        cls.root = pathlib.Path(cls.folder.name)
        (cls.root / "mine.yaml").write_text(CONFIG)
        cls.plan = run("run", "mine.yaml", "--dry-run", cwd=cls.root)
        cls.ran = run("run", "mine.yaml", "--output", "mine.jsonl", cwd=cls.root)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def headcount(self, *arguments):
        result = run(*arguments, cwd=self.root)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def compile(self, page):
        """pdflatex and bibtex as everybody runs them; the last log, and the words on the page."""
        (self.root / "page.tex").write_text(page)
        for command in (["pdflatex"], ["bibtex"], ["pdflatex"], ["pdflatex"]):
            name = "page" if command == ["bibtex"] else "page.tex"
            options = [] if command == ["bibtex"] else ["-interaction=nonstopmode", "-halt-on-error"]
            done = subprocess.run([*command, *options, name], cwd=self.root, capture_output=True, text=True, errors="replace")
            self.assertEqual(done.returncode, 0, done.stdout[-3000:])
        log = (self.root / "page.log").read_text(errors="replace")
        words = subprocess.run(["pdftotext", "-layout", "page.pdf", "-"], cwd=self.root, capture_output=True, text=True)
        return log, words.stdout

    def assert_clean(self, log):
        self.assertNotIn("undefined", log)
        self.assertNotIn("Missing character", log)
        self.assertNotIn("Float too large", log)
        for width in re.findall(r"Overfull \\hbox \((\d+\.\d+)pt", log):
            self.assertLessEqual(float(width), WIDEST_OVERFULL_PT, log)

    def test_the_plan_passes_and_the_run_gives_a_verdict(self):
        self.assertEqual(self.plan.returncode, 0, self.plan.stderr)
        self.assertIn(self.ran.returncode, (0, 3), self.ran.stdout + self.ran.stderr)
        verdict = run("verify", "mine.jsonl", cwd=self.root)
        self.assertRegex(verdict.stdout, r"(?m)^free +(supported|refuted|inconclusive)")

    def test_table_figure_and_sentence_compile_into_a_page(self):
        (self.root / "table.tex").write_text(self.headcount("table", "mine.jsonl", "--format", "latex"))
        self.headcount("plot", "mine.jsonl", "--only", "heads_fused_causal", "--width", "3.3in", "--caption",
                       "beside", "--output", "figures")
        figure = next((self.root / "figures").glob("*.pdf"))
        (self.root / "sentence.tex").write_text(
            run("verify", "mine.jsonl", "--quote", "free", "--format", "latex", cwd=self.root).stdout)
        (self.root / "sources.bib").write_text(run("verify", "mine.jsonl", "--quote", "free", "--bibtex", cwd=self.root).stdout)
        caption = figure.with_name(figure.stem + "_caption.tex").read_text().strip()
        log, words = self.compile(PAGE.replace("FIGURE", str(figure)).replace("CAPTION", caption))
        self.assert_clean(log)
        for words_of in ("Table 1: mine: median time of one pass", "numheads=1", "Figure 1", "paired rounds", "95 % interval",
                         "what attention heads cost, and what they buy", "Attention is all you need", "commit",
                         "the other lines write none"):
            self.assertIn(plain(words_of), plain(words))

    def test_chosen_columns_rows_and_base_come_out_as_asked(self):
        chosen = ("table", "mine.jsonl", "--where", "causal=true", "--columns", "variant,num_heads,time,ratio",
                  "--sort", "variant,num_heads:desc", "--base", "num_heads=8")
        self.assertIn("ratio to num_heads=8", self.headcount(*chosen))
        rows = json.loads(self.headcount(*chosen, "--format", "json"))["rows"]
        self.assertEqual([(row["variant"], row["num_heads"]) for row in rows],
                         [(v, h) for v in ("multi_head", "streaming") for h in (8, 4, 2, 1)])
        for row in rows:
            self.assertEqual(row["ratio"] is None, row["num_heads"] == 8, row)  # the base has no ratio to itself
            self.assertGreater(row["median_s"], 0)

    def test_long_tables_and_all_that_we_print_compile(self):
        reference = "results/reference/equal_complexity.jsonl"
        texts = [run("table", reference, "--format", "latex").stdout,
                 *[run("table", path.stem, "--format", "latex").stdout for path in sorted(SOURCE.glob("configs/tables/*.yaml"))],
                 run("table", "all", "--format", "latex").stdout,
                 run("verify", reference, "--format", "latex", "--explain").stdout]
        self.assertIn("(continued)", texts[0])
        body = "\n\\clearpage\n".join(texts)
        page = (r"\documentclass{article}\usepackage{booktabs,graphicx,longtable}\usepackage[landscape,margin=1cm]{geometry}"
                r"\begin{document}" + body + r"\end{document}")
        (self.root / "all.tex").write_text(page)
        done = subprocess.run(["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"], cwd=self.root,
                              capture_output=True, text=True, errors="replace")
        self.assertEqual(done.returncode, 0, done.stdout[-3000:])
        for text in texts:
            self.assertNotIn("headcount run", text)
            self.assertNotIn("headcount verify", text)


if __name__ == "__main__":
    main()
