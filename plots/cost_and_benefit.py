"""What trained mechanisms err and what they cost: time, operations and cache, with the front of the best of each."""
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # which isolated interpreters leave out
import frame
import looks
import marks
import style
import trained
from labels import Labels
from wrapped import wrapped

import pandas
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

SHOWS = {"quantities": ["rate", "time", "count"], "summary": "median", "lines_over": "num_heads",
         "single": "errors and times of a step: medians over the seeds, whose errors and times are dots", "needs": "trainings"}
COSTS = {"ms": "time of a step [ms]", "flops": "FLOPs of a step [M]", "kept": "cache of a sequence [KiB]"}
MEANING = {"ms": "the time of a training step", "flops": "the FLOPs that a step of the whole model needs by its definition",
           "kept": "what decoding would keep of one sequence"}
HEIGHT, TALL = 2.35, 3.6  # inches of a panel with the names of its front; of one with many mechanisms
MANY = 5          # mechanisms
FRONT, RING = "#777777", "#000000"
LEAST_SPAN = 1.15  # times the middle of the costs, on each side of it
NAMES = 7         # points, of the names below a panel


def draw(data):
    rows = trained.points_of(data, "cost and benefit", differ=["variant", "num_heads", "num_kv_heads"])
    rows = rows.assign(ms=rows["step_s"] * 1e3, flops=rows["required_flops"] / 1e6,
                       kept=rows["kv_cache_bytes"] / rows["batch"] / 1024)
    for suffix, name, part in frame.figures(rows, ["backend", "dtype"]):
        parts = [marks.named(of_one) for of_one in marks.alike(part, data.figure_fields())]
        height = TALL if max(of_one["name"].nunique() for of_one in parts) > MANY else HEIGHT
        known = [cost for cost in COSTS if (part[cost] > 0).any()]
        # Where they do not fit side by side each cost is a figure of its own: all have the same legend.
        beside = [known] if style.panel_columns(len(known)) == len(known) else [[cost] for cost in known]
        for costs in beside:
            of_cost = "" if len(beside) == 1 else f"_{costs[0]}"
            for end, tail, page in style.pages(parts, 1, height):
                yield suffix + of_cost + end, figure(data, name + tail, page, costs, height)


def caption_of(data, rows, costs, ringed):
    return (f"Test error ({trained.meaning(rows)}) over {', over '.join(MEANING[cost] for cost in costs)}. A mark is a "
            f"mechanism with one number of heads, which stands beside it where there is room: the medians of "
            f"{trained.seeds_text(rows)}, each of which is a dot. A line joins the numbers of heads of a mechanism in their "
            f"order. Filled, with a grey line, and named below the panel with their heads: the Pareto front by medians; no "
            f"other mark errs as little for as little. " +
            ("Rings: not told from the front; no mark that costs as little errs less with a paired 95 % interval below 1. "
             if ringed else "") + data.origin(rows))


def figure(data, name, parts, costs, height):
    every = pandas.concat(parts)
    panels = [[marks.Panel(rows, cost) for cost in costs] for rows in parts]
    ringed = any(panel.rings for of_one in panels for panel in of_one)
    text = caption_of(data, every, costs, ringed)
    entries = legend_of(every, ringed)
    across = style.legend_columns([label for label, _ in entries], len(costs))
    fig, axes = style.panels(len(parts), len(costs), height=height, legend_lines=math.ceil(len(entries) / across),
                             caption_lines=style.caption_lines(text, len(costs)))
    if style.Width.inches < style.PAGE[0]:  # panels of a column are low; these have names below them
        style.grow(fig, len(parts) * (height - HEIGHT + 0.4))
    width = fig.get_figwidth() / len(costs) - 0.7  # but for the labels of the axis
    drawn = []
    for row, of_one in zip(axes, panels):
        for ax, panel in zip(row, of_one):
            ax.set_visible(not panel.marks.empty)
            if ax.get_visible():
                draw_panel(ax, panel)
                trained.error_axis(ax, panel.rows, is_first=ax is row[0])
                ax.annotate("\n".join(wrapped(f"front: {panel.front_names()}", width, NAMES)), (0, 0), va="top",
                            xycoords="axes fraction", xytext=(0, -31), textcoords="offset points", fontsize=NAMES,
                            linespacing=1.2)
                drawn.append((ax, panel))
    for row, rows in zip(axes, parts):
        row[0].set_title(rows["panel"].iloc[0], loc="left")
    style.title(fig, f"What heads of each mechanism cost and buy: {name}")
    style.legend(fig, [handle for _, handle in entries], [label for label, _ in entries], across)
    style.caption(fig, text)
    fig.draw_without_rendering()  # which places the panels: labels need to know how large they are
    for ax, panel in drawn:
        number_marks(ax, panel)
    return fig


def look_of(variant):
    """Mechanisms that share a colour differ in their dashes, too."""
    return looks.variant(variant) | {"linestyle": looks.LINES[looks.place_of(variant) // len(looks.COLOURS) % len(looks.LINES)]}


def legend_of(rows, ringed):
    shown = rows.drop_duplicates("name").sort_values("name")
    entries = [(name, Line2D([], [], markerfacecolor="white", **look_of(variant)))
               for name, variant in zip(shown["name"], shown["variant"])]
    entries.append(("Pareto front, its marks filled", Line2D([], [], color=FRONT, linewidth=2.4, alpha=0.5)))
    if ringed:
        entries.append(("not told from it", Line2D([], [], linestyle="none", marker="o", color=RING, fillstyle="none",
                                                   markersize=8, markeredgewidth=0.6)))
    return entries


def draw_panel(ax, panel):
    table, rows, cost = panel.marks, panel.rows, panel.cost
    low, high = style.limits([*rows[cost]])
    middle = math.sqrt(low * high)  # costs that differ by a per cent are not drawn as if they differed much
    low, high = min(low, middle / LEAST_SPAN), max(high, middle * LEAST_SPAN)
    ax.set_xscale("log", base=10)
    ax.set_xlim(low, high * (high / low) ** 0.05)
    style.log_axis(ax.xaxis, low, high)
    if high / low < 4:  # too short for the ticks of a logarithmic axis
        ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.set_xlabel(COSTS[cost])
    best = table.loc[panel.front]
    ax.plot([*best["cost"], ax.get_xlim()[1]], [*best["median"], best["median"].iloc[-1]], drawstyle="steps-post",
            color=FRONT, linewidth=2.4, alpha=0.5, zorder=1)
    for _, line in table.groupby("name"):
        look = look_of(line["variant"].iloc[0])
        seeds = rows[rows["point"].isin(line.index)]
        ax.plot(seeds[cost], seeds["test_error"], linestyle="none", marker=".", markersize=2, color=look["color"], alpha=0.4)
        style.path(ax, "num_heads", line["heads"], line["cost"], line["median"], color=look["color"],
                   linestyle=look["linestyle"], linewidth=0.8)
        for point, mark in line.iterrows():
            first = point in panel.front
            ax.plot([mark["cost"]], [mark["median"]], linestyle="none", marker=look["marker"], color=look["color"],
                    markerfacecolor=look["color"] if first else "white", zorder=3 + first)
    rings = table.loc[panel.rings]
    ax.plot(rings["cost"], rings["median"], linestyle="none", marker="o", fillstyle="none", color=RING, markersize=8,
            markeredgewidth=0.6, zorder=5)


def number_marks(ax, panel):
    """The number of heads beside each mark, those of the front first, where there is room."""
    labels = Labels(ax, 7)
    labels.avoid(panel.marks["cost"], panel.marks["median"])
    for point in [*panel.front, *panel.marks.index.drop(panel.front)]:
        mark = panel.marks.loc[point]
        labels.beside(f"{mark['heads']:.0f}", mark["cost"], mark["median"], (1, -1), color=look_of(mark["variant"])["color"],
                      fontweight="bold" if point in panel.front else "normal")


if __name__ == "__main__":
    raise SystemExit(frame.main("cost_and_benefit", draw, SHOWS))
