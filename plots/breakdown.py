"""Where the time goes: traced passes, stacked by operation, over the number of heads."""
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # which isolated interpreters leave out
import frame
import captions
import looks
import members
import style

import pandas
from matplotlib.patheffects import withStroke

HEIGHT = 1.9  # inches of a panel
SYMBOLS = {"scores Q K^T": "scores $Q K^T$", "context P V": "context $P V$"}  # labels of shares, as formulas are set

SHOWS = {"quantities": ["time"], "summary": "median", "bars": "95 % intervals",
         "bound": "dashes: the least time that the limits measured by the run allow",
         "spread": "named in the caption, from the 5th to the 95th percentile"}


def draw(data):
    data.need(["n_rounds", "median_s", "low_s", "high_s", "bound_s", "bound_lacks"])
    spans = data.breakdown.copy()
    spans = spans[spans["seconds"].notna()]
    labels = {share: SYMBOLS.get(label, style.plain(label)) for share, label in zip(data.shares["share"], data.shares["label"])}
    order = [label for label in labels.values() if label]
    # A share without a label holds several things: each goes by its role.
    spans["operation"] = [labels.get(s) or style.plain(r) for s, r in zip(spans["share"], spans["role"])]
    points = data.points[data.points["point"].isin(set(spans["point"]))]
    sizes = points.groupby(data.figure_fields() + ["variant", "length"])["num_heads"].transform("nunique")
    points = points[sizes >= 2]
    if points.empty:
        raise frame.NotApplicable("a breakdown over heads needs traced points that differ in num_heads")
    operations = sorted(spans[spans["point"].isin(set(points["point"]))]["operation"].unique(),
                        key=lambda name: (order.index(name) if name in order else len(order), name))
    # An end that is not known stays so: older results and points that were traced too seldom have none.
    traced = spans.groupby(["point", "operation"])[["seconds", "low_s", "high_s"]].sum(min_count=1).unstack()
    points = points.assign(traced_s=points["point"].map(traced["seconds"].sum(axis=1)))
    for suffix, name, part in frame.figures(points, data.figure_fields()):
        lengths = sorted(part["length"].unique())
        most = style.panel_columns(len(lengths), 1.6)
        pages = [here for columns in split(lengths, most, style.PAGE[1]) for rows in split(part["variant"].unique(), 1, HEIGHT)
                 if len(here := part[part["variant"].isin(rows) & part["length"].isin(columns)])]
        for number, here in enumerate(pages, start=1):
            several = len(pages) > 1
            tail = f" ({number} of {len(pages)})" if several else ""
            yield suffix + (f"_{number}" if several else ""), figure(data, name + tail, here, traced, operations, order)


def split(items, columns, height):
    """The rows or columns of each page."""
    return [page for _, _, page in style.pages(sorted(items), columns, height)]


def figure(data, name, points, traced, operations, order):
    variants = sorted(points["variant"].unique())
    lengths = sorted(points["length"].unique())
    table = traced.loc[points["point"]]
    shown = [o for o in operations if table["seconds"][o].fillna(0).any()]
    # A bar is as high as the time that is cited: tracing takes time of its own, and its passes were others.
    height = points["median_s"].fillna(points["traced_s"])
    parts = table.mul((height / points["traced_s"]).values, axis=0) * 1e3
    tops = parts["seconds"][shown].fillna(0).cumsum(axis=1)
    parts_high = (tops - parts["seconds"][shown] + parts["high_s"][shown]).max(axis=1)
    text = (f"Height of a bar: median of the untraced samples with its 95 % interval{captions.unbounded_text(points)}. Its parts: "
            f"shares of traced passes (how many: docs/measurement.md){traced_text(points)}. {intervals_text(parts)} "
            f"{captions.bounds_text(points)}. The vertical scale is shared within a column. L: {frame.length_name(points)}. "
            f"Each point has {captions.rounds_text(points)}. {data.origin(points)}")
    labels = shown + ["least time"]
    columns = len(lengths)
    legend_columns = style.legend_columns(labels, columns, 2.6)
    fig, axes = style.panels(len(variants), columns, width=2.6, height=HEIGHT,
                             legend_lines=math.ceil(len(labels) / legend_columns),
                             caption_lines=style.caption_lines(text, columns, 2.6), sharey="col")
    for j, length in enumerate(lengths):
        column = points[points["length"] == length]
        highest = pandas.concat([column["high_s"] * 1e3, height[column.index] * 1e3, parts_high[column["point"]]]).max()
        axes[0][j].set_ylim(0, highest * 1.05)
    handles = {}
    for i, variant in enumerate(variants):
        for j, length in enumerate(lengths):
            panel = points[(points["variant"] == variant) & (points["length"] == length)].sort_values("num_heads")
            if panel.empty:
                axes[i][j].set_visible(False)
                continue
            draw_panel(axes[i][j], panel, parts, shown, operations, order, handles)
            style.panel_title(axes[i][j], f"{style.plain(members.implementation(panel.iloc[0], False))}, $L$ = {length:.0f}")
            if j == 0:
                axes[i][j].set_ylabel("time [ms]")
            if i == len(variants) - 1:
                style.x_label(axes[i][j], "num_heads")
    style.title(fig, f"Time by operation: {name}")
    labels = [label for label in labels if label in handles]
    style.legend(fig, [handles[label] for label in labels], labels, legend_columns, symbols=True)
    style.caption(fig, text)
    return fig


def traced_text(points):
    """How far the traced passes were from the untraced median, where both are known."""
    ratio = (points["traced_s"] / points["median_s"]).dropna()
    if ratio.empty:
        return ""
    return f", which took {ratio.min():.2f} to {ratio.max():.2f} times as long as the median of their point"


def intervals_text(parts):
    """What the thin lines are, and how many points have none."""
    without, every = int(parts["high_s"].isna().all(axis=1).sum()), len(parts)
    why = "traced too seldom, or by an older version"
    if without == every:
        return f"The parts have no intervals: {why}."
    return ("Lines in the parts: 95 % interval of each, from the lower edge of the part and at its scale" +
            (f" (none for {without} of {every}: {why})" if without else "") + ".")


def draw_panel(ax, panel, parts, shown, operations, order, handles):
    """Stacks over the numbers of heads, an interval at the top of each and one of each part, and the least time."""
    x = range(len(panel))
    bottom = [0.0] * len(panel)
    for operation in shown:
        here = parts.xs(operation, axis=1, level="operation").loc[panel["point"]]
        heights = here["seconds"].fillna(0)
        if not heights.any():
            continue
        place = order.index(operation) if operation in order else len(order) + operations.index(operation)
        bars = ax.bar(x, heights, bottom=bottom, width=0.72, linewidth=0.5, edgecolor="black", **looks.bar(place))
        handles.setdefault(operation, bars)
        part_intervals(ax, bottom, here, shown.index(operation) / max(1, len(shown) - 1) - 0.5)
        bottom = [b + height for b, height in zip(bottom, heights)]
    errors = style.error_bars(panel["median_s"] * 1e3, panel["low_s"] * 1e3, panel["high_s"] * 1e3)
    ax.errorbar(x, panel["median_s"] * 1e3, yerr=errors, linestyle="none", color="black", capsize=2.5, elinewidth=1.1)
    mark = style.bound_marks(ax, x, panel["bound_s"] * 1e3, looks.BOUND)
    if mark:
        mark.set(markersize=11, markeredgewidth=1.6, path_effects=[withStroke(linewidth=3, foreground="white")])
        handles["least time"] = mark
    ax.set_xticks(list(x), [f"{h:.0f}" for h in panel["num_heads"]])
    ax.grid(axis="x", visible=False)


def part_intervals(ax, bottom, here, aside):
    """From the lower edge of each part; those of neighbours in a stack stand aside of each other."""
    for x, (below, low, high) in enumerate(zip(bottom, here["low_s"], here["high_s"])):
        if math.isfinite(low) and math.isfinite(high):
            drawn = ax.errorbar([x + 0.56 * aside], [below + (low + high) / 2], yerr=[(high - low) / 2], linestyle="none",
                                elinewidth=1.0, color="black")
            for line in drawn.lines[2]:
                line.set_path_effects([withStroke(linewidth=2.4, foreground="white")])


if __name__ == "__main__":
    raise SystemExit(frame.main("breakdown", draw, SHOWS))
