"""What mechanisms keep of the tokens behind them against the time of one new token, with the front of the best."""
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # which isolated interpreters leave out
import frame
import captions
import looks
import members
import paired
import style

import pandas
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

SIZE = 10         # of text in a panel: a figure of one column stays legible in half its width
STEP = 0.16       # octaves between points that keep the same
FRONT, RING = "#777777", "#000000"

SHOWS = {"quantities": ["time", "count"], "summary": "median", "bars": "95 % intervals",
         "bound": "dashes: the least time that the limits measured by the run allow",
         "spread": "named in the caption, from the 5th to the 95th percentile"}

# What the time of one pass is, by what the pass is given: the scope, or `cached`.
GIVEN = {
    "cached": "The whole layer behind a cache, a step of decoding: the new token is projected, what the mechanism keeps "
              "of the others is there.",
    "core": "Keys and values are given and the projections of the new token are left out; what a mechanism makes of "
            "all keys (features, a state) is made again in each pass.",
    "layer": "The whole layer: no pass starts from a cache, so that all keys, latents or states are made again. The "
             "time is that of one answer without a cache; what would be kept stands beside it."}


def draw(data):
    data.need(["n_rounds", "median_s", "low_s", "high_s", "kv_cache_bytes", "bound_s", "bound_lacks"])
    points = data.points[(data.points["outcome"] == "measured") & (data.points["median_s"] > 0) &
                         (data.points["q_len"] == 1) & (data.points["kv_len"] > 1) &
                         (data.points["kv_cache_bytes"] > 0)].copy()
    fields = [field for field in data.figure_fields() if field not in ("backend", "kv", "others")]
    several = points.groupby(fields + ["backend", "length"])[["variant", "kv_cache_bytes"]].transform("nunique") >= 2
    points = points[several.all(axis=1)]
    if points.empty:
        raise frame.NotApplicable("cache and decode needs timed points of two variants with q_len 1 and equal kv_len "
                                  "that keep different numbers of bytes")
    rounds = paired.Rounds(data.samples())
    points["name"] = members.member_names(points)
    # A pass that is faster than its bound has none: the bound may count inputs that the pass need not read.
    points["over_bound"] = points["bound_s"] > points["median_s"]
    points.loc[points["over_bound"], "bound_s"] = math.nan
    for suffix, name, part in frame.figures(points, fields):
        yield suffix, figure(data, name, part, rounds)


def front_of(panel):
    """Points that no other is as small and as fast as, by medians; the smallest cache first."""
    best, front = math.inf, []
    for index, row in panel.sort_values(["kv_cache_bytes", "median_s", "point"]).iterrows():
        if row["median_s"] < best:
            best = row["median_s"]
            front.append(index)
    return front


def not_told_from(panel, front, rounds):
    """Points off the front of which no point that keeps as little is faster for certain."""
    ids, found = panel["point"], []
    for index, row in panel.drop(front).iterrows():
        as_good = (panel["kv_cache_bytes"] <= row["kv_cache_bytes"]) & (panel["median_s"] <= row["median_s"])
        ratios = [rounds.ratio(ids[rival], row["point"]) for rival in panel[as_good].index if rival != index]
        if not any(ratio is not None and ratio[2] < 1 for ratio in ratios):
            found.append(index)
    return found


def places(panel):
    """Where each point stands horizontally: those that keep the same stand side by side."""
    x = panel["kv_cache_bytes"] / 1024
    every = sorted(set(x))
    for value in every:
        same = panel[x == value].sort_values(["name", "num_heads", "point"]).index
        room = min((abs(math.log2(value / other)) for other in every if other != value), default=math.inf)
        step = min(STEP, 0.85 * room / len(same))
        for k, index in enumerate(same):
            x[index] *= 2 ** (step * (k - (len(same) - 1) / 2))
    return x


def given_in(points):
    row = points.iloc[0]
    return GIVEN.get(row.get("cached") or row["scope"], "")


def caption_of(data, points, rings):
    bounded = points["low_s"].notna() & points["high_s"].notna()
    over = int(points["over_bound"].sum())
    return ("Median time of one pass with one query, over what the mechanism keeps of all tokens in one layer (counted "
            "exactly); bars are 95 % intervals" +
            ("" if bounded.all() else f" (none for {int((~bounded).sum())} points: too few rounds, or rounds that "
                                      "resemble each other)") +
            f". {given_in(points)} Grey line and numbers: the Pareto front by medians; no "
            "other point keeps as little in as little time. " +
            ("Rings: not told from the front; no point that keeps as little is faster with a paired 95 % interval "
             "below 1. " if rings else "") +
            "Points that keep the same stand side by side. " + captions.bounds_text(points) +
            (f" (not drawn for {over} points that are faster: it counts what they need not read, or was measured on a "
             "disturbed machine)" if over else "") +
            f". Each point has {captions.rounds_text(points)}. {data.origin(points)}")


def figure(data, name, points, rounds):
    variants = sorted(points["variant"].unique())
    heads = sorted(points["num_heads"].unique())
    panels = [panel for _, panel in points.groupby(["backend", "length"])]
    columns = 1 if len(panels) <= 3 else style.panel_columns(len(panels))
    width = 5.1 if columns == 1 else 3.4
    size = SIZE if columns == 1 else 8
    scale, unit = (1e6, "us") if points["median_s"].max() < 2e-3 else (1e3, "ms")
    fronts = [front_of(panel) for panel in panels]
    rings = [not_told_from(panel, front, rounds) for panel, front in zip(panels, fronts)]
    text = caption_of(data, points, any(rings))
    bounded = points["bound_s"].notna().any()
    entries, legend_columns = legend_of(variants, heads, any(rings), bounded, columns, width, size)
    rows = math.ceil(len(panels) / columns)
    fig, axes = style.panels(rows, columns, width=width, height=3.0,
                             legend_lines=math.ceil(len(entries) / legend_columns) * size / 8,
                             caption_lines=style.caption_lines(text, columns, width))
    for i, (ax, panel, front, ring) in enumerate(zip(axes.flat, panels, fronts, rings)):
        draw_panel(ax, panel, front, ring, heads, scale, size)
        ax.set_title(f"{panel['backend'].iloc[0]}, kv_len {panel['length'].iloc[0]:.0f}", loc="left", fontsize=size + 1)
        ax.set_xlabel("cache or state of one layer [KiB]", fontsize=size)
        if i % columns == 0:
            ax.set_ylabel(f"time [{unit}]", fontsize=size)
        ax.annotate(front_text(panel, front), (0, 0), xycoords="axes fraction", va="top",
                    xytext=(0, -12 - 2.4 * size),  # under the ticks and the label of the axis
                    textcoords="offset points", fontsize=size - 1, linespacing=1.25)
    tallest = [max(len(front) for front in fronts[i:i + columns]) for i in range(0, len(fronts), columns)]
    style.grow(fig, sum(tallest) * 1.3 * (size - 1) / 72)
    style.hide_unused(axes, len(panels))
    style.title(fig, f"Cache and time of one new token: {name}")
    style.legend(fig, [handle for _, handle in entries], [label for label, _ in entries], legend_columns, size)
    style.caption(fig, text)
    return fig


def front_text(panel, front):
    return "\n".join(f"{i}  {panel['name'][index]}, H = {panel['num_heads'][index]:.0f}"
                     for i, index in enumerate(front, 1))


def legend_of(variants, heads, rings, bound, columns, width, size):
    """Labels with their handles, and in how many columns: in two, mechanisms stand left and all else right."""
    def mark(**look):
        return Line2D([], [], linestyle="none", **look)

    left = [(variant, mark(marker="s", color=looks.variant(variant)["color"])) for variant in variants]
    right = [(f"H = {h:.0f}", mark(marker=looks.of_place(i)["marker"], color="#555555", markerfacecolor="white"))
             for i, h in enumerate(heads)]
    right.append(("Pareto front", Line2D([], [], color=FRONT, linewidth=1.2)))
    if rings:
        right.append(("not told from it", mark(marker="o", color=RING, fillstyle="none", markersize=10,
                                               markeredgewidth=0.7)))
    if bound:
        right.append(("least time", mark(marker="_", color="#555555", markersize=8)))
    fitting = style.legend_columns([label for label, _ in left + right], columns, width, size)
    if fitting == 2:
        for column, other in ((left, right), (right, left)):
            column += [("", mark())] * (len(other) - len(column))
    return left + right, fitting


def draw_panel(ax, panel, front, ring, heads, scale, size):
    x, y = places(panel), panel["median_s"] * scale
    bottom, top = style.limits(pandas.concat([panel[c] * scale for c in ("median_s", "low_s", "high_s")]),
                               panel["bound_s"] * scale, marks=[y.min() / 1.3, y.max() * 1.15])
    left, right = x.min() / 1.5, x.max() * 1.5
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    ax.step([*x[front], right], [*y[front], y[front[-1]]], where="post", color=FRONT, linewidth=1.2, zorder=1)
    errors = style.error_bars(panel["median_s"], panel["low_s"], panel["high_s"])
    for index, row in panel.iterrows():
        look = {"color": looks.variant(row["variant"])["color"], "linestyle": "none",
                "marker": looks.of_place(heads.index(row["num_heads"]))["marker"]}
        bar = [[error[index] * scale] for error in errors]
        ax.errorbar(x[index], y[index], yerr=bar, capsize=2, elinewidth=0.9, markersize=0.55 * size, **look)
        style.bound_marks(ax, [x[index]], [row["bound_s"] * scale], look["color"])
    ax.plot(x[ring], y[ring], linestyle="none", marker="o", fillstyle="none", color=RING, markersize=11,
            markeredgewidth=0.7)
    for number, index in enumerate(front, start=1):
        # Below the front stands no point: left of a point's own bar the number meets no other.
        ax.annotate(f"{number}", (x[index], y[index]), textcoords="offset points", xytext=(-6, -3), ha="right",
                    va="top", fontsize=size, fontweight="bold",
                    path_effects=[withStroke(linewidth=2.5, foreground="white")])
    style.binary_axis(ax.xaxis, left, right)
    style.log_axis(ax.yaxis, bottom, top)
    ax.tick_params(labelsize=size)


if __name__ == "__main__":
    raise SystemExit(frame.main("cache_and_decode", draw, SHOWS))
