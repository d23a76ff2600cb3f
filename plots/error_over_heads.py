"""What heads buy and what they cost: the error of trained models over the number of heads, and over the time of a step."""
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # which isolated interpreters leave out
import frame
import looks
import style
import trained

SHOWS = {"quantities": ["rate", "time"], "summary": "median", "bars": "ranges", "lines_over": "num_heads",
         "single": "the time of a step, the median over the seeds", "needs": "trainings"}


def summary(panel):
    """Median, smallest and largest error of each number of heads, and the median time of a step in ms."""
    by_heads = panel.groupby("num_heads")
    table = by_heads["test_error"].agg(["median", "min", "max"])
    table["ms"] = by_heads["step_s"].median() * 1e3
    return table.sort_index()


def draw(data):
    rows = trained.points_of(data, "error over heads")
    for suffix, name, part in frame.figures(rows, ["backend", "variant"]):
        panels = sorted(part["panel"].unique())
        for end, tail, page in style.pages(panels, style.panel_columns(len(panels)), 2 * 1.8):
            yield suffix + end, figure(data, name + tail, part[part["panel"].isin(page)])


def figure(data, name, rows):
    panels = sorted(rows["panel"].unique())
    text = (f"Top: the error on test examples ({trained.meaning(rows)}); each dot is one model, the line joins medians, bars reach "
            f"from the best to the worst of {trained.seeds_text(rows)}. Bottom: the same medians over the time of one training "
            f"step (median), the number of heads beside each; filled: no other number of heads is both faster and "
            f"better. {data.origin(rows)}")
    columns = style.panel_columns(len(panels))
    rows_of_panels = math.ceil(len(panels) / columns)
    fig, axes = style.panels(2 * rows_of_panels, columns, caption_lines=style.caption_lines(text, columns))
    for i, title in enumerate(panels):
        panel = rows[rows["panel"] == title]
        table = summary(panel)
        top = axes[2 * (i // columns)][i % columns]
        bottom = axes[2 * (i // columns) + 1][i % columns]
        top.plot(panel["num_heads"], panel["test_error"], linestyle="none", marker=".", markersize=3, color=looks.BAND)
        errors = style.error_bars(table["median"], table["min"], table["max"])
        top.errorbar(table.index, table["median"], yerr=errors, capsize=2, elinewidth=0.9, **looks.of_place(0))
        top.set_xscale("log", base=2)
        style.powers_axis(top.xaxis, table.index)
        style.x_label(top, "num_heads")
        top.set_title(title.replace(", ", "\n", 1), loc="left")
        best = trained.undominated(table, "ms")
        colour = looks.of_place(0)["color"]
        for place, (heads, row) in enumerate(table.iterrows()):
            bottom.plot([row["ms"]], [row["median"]], linestyle="none", marker="o", color=colour,
                        markerfacecolor=colour if heads in best else "white")
            bottom.annotate(f"{heads:.0f}", (row["ms"], row["median"]), xytext=(4, 3 if place % 2 == 0 else -9), textcoords="offset points",
                            fontsize=7.5)
        bottom.set_xscale("log", base=10)
        style.log_axis(bottom.xaxis, table["ms"].min(), table["ms"].max())
        bottom.set_xlim(table["ms"].min() / 1.15, table["ms"].max() * 1.25)
        bottom.set_xlabel("time of a step [ms]")
        for ax in (top, bottom):
            trained.error_axis(ax, panel, is_first=i % columns == 0)
    for i in range(len(panels), rows_of_panels * columns):
        for row in (0, 1):
            axes[2 * (i // columns) + row][i % columns].set_visible(False)
    style.title(fig, f"What heads buy: {name}")
    style.caption(fig, text)
    return fig


if __name__ == "__main__":
    raise SystemExit(frame.main("error_over_heads", draw, SHOWS))
