"""Where the time goes: traced passes, stacked by operation, over the number of heads."""
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # which isolated interpreters leave out
import frame
import style

ROWS = 4  # of panels in one file; more would be too small to read on a page

SHOWS = {"quantities": ["time"], "summary": "mean", "bars": "95 % intervals",
         "bound": "dashes: the least time that the limits measured by the run allow",
         "spread": "named in the caption, from the 5th to the 95th percentile"}


def draw(data):
    data.need(["n_rounds", "median_s", "low_s", "high_s", "bound_s", "bound_lacks"])
    spans = data.breakdown.copy()
    spans = spans[spans["seconds"].notna()]
    labels = dict(zip(data.shares["share"], data.shares["label"]))
    order = [label for label in labels.values() if label]
    # A share without a label holds several things: each goes by its role.
    spans["operation"] = [labels.get(s) or r for s, r in zip(spans["share"], spans["role"])]
    points = data.points[data.points["point"].isin(set(spans["point"]))]
    sizes = points.groupby(data.figure_fields() + ["variant", "length"])["num_heads"].transform("nunique")
    points = points[sizes >= 2]
    if points.empty:
        raise frame.NotApplicable("a breakdown over heads needs traced points that differ in num_heads")
    operations = sorted(spans[spans["point"].isin(set(points["point"]))]["operation"].unique(),
                        key=lambda name: (order.index(name) if name in order else len(order), name))
    for suffix, name, part in frame.figures(points, data.figure_fields()):
        variants = sorted(part["variant"].unique())
        pages = [variants[i:i + ROWS] for i in range(0, len(variants), ROWS)]
        for number, page in enumerate(pages, start=1):
            end = f"_{number}" if len(pages) > 1 else ""
            tail = f" ({number} of {len(pages)})" if len(pages) > 1 else ""
            yield suffix + end, figure(data, name + tail, part[part["variant"].isin(page)], spans, operations, order)


def figure(data, name, points, spans, operations, order):
    variants = sorted(points["variant"].unique())
    lengths = sorted(points["length"].unique())
    here = spans[spans["point"].isin(set(points["point"]))]
    shown = [o for o in operations if o in set(here["operation"])]
    table, low, high = (here.pivot_table(index="point", columns="operation", values=column, aggfunc="sum", fill_value=0)
                        for column in ("seconds", "low_s", "high_s"))
    text = (f"Bars: traced passes, by operation (how many, and their mean: docs/measurement.md). Lines in them: 95 % interval of each part, from "
            f"its lower edge. Dots: median of the untraced samples, with its 95 % interval "
            f"({frame.rounds_text(points)}); the distance is noise and the cost of tracing. {frame.bounds_text(points)}. "
            f"The vertical scale is shared within a column. {data.origin()}")
    legend_columns = style.legend_columns(shown + ["untraced median", "least time"], len(lengths), 2.6)
    fig, axes = style.panels(len(variants), len(lengths), width=2.6, height=1.9,
                             legend_lines=math.ceil((len(shown) + 2) / legend_columns),
                             caption_lines=style.caption_lines(text, len(lengths), 2.6), sharey="col")
    handles = {}
    for i, variant in enumerate(variants):
        for j, length in enumerate(lengths):
            ax = axes[i][j]
            panel = points[(points["variant"] == variant) & (points["length"] == length)].sort_values("num_heads")
            if panel.empty:
                ax.set_visible(False)
                continue
            x = range(len(panel))
            bottom = [0.0] * len(panel)
            for operation_name in shown:
                heights = [table.loc[p, operation_name] * 1e3 for p in panel["point"]]
                if not any(heights):
                    continue
                known = operation_name in order
                index = order.index(operation_name) if known else len(order) + operations.index(operation_name)
                bars = ax.bar(x, heights, bottom=bottom, width=0.72, linewidth=0.5, edgecolor="black",
                              **style.bar_style(index))
                handles.setdefault(operation_name, bars)
                intervals(ax, panel["point"], bottom, heights, low[operation_name] * 1e3, high[operation_name] * 1e3,
                          operations.index(operation_name) / len(operations))
                bottom = [b + h for b, h in zip(bottom, heights)]
            timed = [k for k, v in enumerate(panel["median_s"]) if not math.isnan(v)]
            if timed:
                seen = panel.iloc[timed] if len(timed) < len(panel) else panel
                errors = style.error_bars(seen["median_s"] * 1e3, seen["low_s"] * 1e3, seen["high_s"] * 1e3)
                handles["untraced median"] = ax.errorbar(timed, seen["median_s"] * 1e3, yerr=errors, fmt="o", capsize=2,
                                                         elinewidth=0.9, color="black", markerfacecolor="white",
                                                         markersize=5)
            mark = style.bound_marks(ax, x, panel["bound_s"] * 1e3, "#D55E00")
            if mark:
                handles["least time"] = mark
            ax.set_xticks(list(x), [f"{h:.0f}" for h in panel["num_heads"]])
            ax.grid(axis="x", visible=False)
            ax.set_title(f"{variant}, {frame.length_name(points)} {length:.0f}", loc="left")
            if j == 0:
                ax.set_ylabel("time [ms]")
            if i == len(variants) - 1:
                ax.set_xlabel("number of heads H")
    for j, length in enumerate(lengths):
        column = points[points["length"] == length]
        highest = max(table.loc[column["point"]].sum(axis=1).max(), column["median_s"].fillna(0).max())
        axes[0][j].set_ylim(0, highest * 1e3 * 1.08)
    style.title(fig, f"Time by operation: {name}")
    style.legend(fig, list(handles.values()), list(handles), legend_columns)
    style.caption(fig, text)
    return fig


def intervals(ax, points, bottom, heights, low, high, place):
    """The ends of each part's interval above its own lower edge; neighbours in the stack stand aside of each other."""
    aside = 0.5 * (place - 0.5)
    for x, (point, below, height) in enumerate(zip(points, bottom, heights)):
        if height <= 0 or not high[point] > 0:  # a part of a point that was traced too seldom has none
            continue
        ax.errorbar([x + aside], [below + height], yerr=[[max(0, height - low[point])], [max(0, high[point] - height)]],
                    linestyle="none", capsize=1.2, elinewidth=0.7, color="black")


if __name__ == "__main__":
    raise SystemExit(frame.main("breakdown", draw, SHOWS))
