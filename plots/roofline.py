"""Roofline: products a second over required FLOPs a compulsory byte, under the ceilings that the run measured."""
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # which isolated interpreters leave out
import frame
import captions
import looks
import style

import pandas
from matplotlib.lines import Line2D

NARROWEST, HEIGHT = 2.6, 2.9  # inches of a panel
LEVELS = ["L1", "L2", "L3", "L4"]

SHOWS = {"quantities": ["rate"], "summary": "median", "bars": "95 % intervals",
         "bound": "the measured multiply-add peaks and bandwidths as ceilings, and each point's own bound",
         "spread": "named in the caption, from the 5th to the 95th percentile"}


class Ceilings:
    """What the run measured for one element type and number of threads, in 1e9 a second."""

    def __init__(self, limits, dtype, threads, names):
        self.limits, self.ending = limits, f".threads={threads}"
        stem = f"fma_gflops.{dtype}"
        by_set = {key[len(stem) + 1:-len(self.ending)]: value for key, value in limits.items()
                  if key.startswith(stem + ".") and key.endswith("." + self.ending[1:])
                  and len(key) > len(stem) + 1 + len(self.ending)}
        best = self.rate(stem)
        self.peaks = merged(by_set, names) if by_set else ([("peak", best)] if best else [])
        self.bandwidths = [(level, self.rate(f"read_gbps.{level}")) for level in LEVELS]
        self.bandwidths.append(("DRAM", self.rate("read_gbps")))
        self.bandwidths = [(name, value) for name, value in self.bandwidths if value]

    def rate(self, name):
        value = self.limits.get(name + self.ending)
        return value if isinstance(value, (int, float)) and value > 0 else None

    def roof(self):
        return max(value for _, value in self.peaks)


def merged(peaks, usual):
    """Instruction sets that reach the same within noise as one ceiling, highest first, by their `usual` names."""
    groups = []
    for name, value in sorted(peaks.items(), key=lambda item: -item[1]):
        if groups and value > 0.9 * groups[-1][1]:
            groups[-1][0].append(name)
        elif value > 0:
            groups.append(([name], value))
    return [(", ".join(sorted(usual.get(name, name) for name in names)), value) for names, value in groups]


def draw(data):
    data.need(["n_rounds", "median_s", "low_s", "high_s", "product_flops", "compulsory_bytes", "bound_s", "bound_lacks"])
    points = data.points[(data.points["outcome"] == "measured") & (data.points["median_s"] > 0) &
                         (data.points["product_flops"] > 0) & (data.points["compulsory_bytes"] > 0)].copy()
    if len(points) < 2:
        raise frame.NotApplicable("a roofline needs two timed points with counted products or more")
    limits = data.run.get("limits")
    limits = limits if isinstance(limits, dict) else {}
    points["intensity"] = points["product_flops"] / points["compulsory_bytes"]
    whole = points["bound_lacks"] == ""
    points["bound_s"] = points["bound_s"].where(whole)  # a partial one would stand above the ceiling that it lacks
    points["panel"] = [backend if variant == "external" else f"{variant}/{backend}"
                       for variant, backend in zip(points["variant"], points["backend"])]
    drawn = 0
    for suffix, name, part in frame.figures(points, ["dtype", "num_threads"]):
        ceilings = Ceilings(limits, part["dtype"].iloc[0], int(part["num_threads"].iloc[0]), data.instruction_sets)
        if not ceilings.peaks or not ceilings.bandwidths:
            continue
        names = sorted(part["panel"].unique())
        for end, tail, page in style.pages(names, style.panel_columns(len(names), NARROWEST), HEIGHT):
            title = f"Roofline: {name}" if name else "Roofline"
            yield (suffix + end).strip("_"), figure(data, title + tail, part[part["panel"].isin(page)], ceilings)
            drawn += 1
    if drawn == 0:
        raise frame.NotApplicable("a roofline needs the limits of a run: multiply-adds and bandwidth for these threads")


def draw_ceilings(ax, ceilings, low, high, bottom):
    """Peaks, each from where the fastest memory reaches it; bandwidths up to the roof."""
    roof = ceilings.roof()
    fastest = max(value for _, value in ceilings.bandwidths)
    slowest = min(value for _, value in ceilings.bandwidths)
    for i, (name, value) in enumerate(ceilings.peaks):
        ax.plot([value / fastest, high], [value, value], color="#555555", linewidth=1.0 if i == 0 else 0.7)
        # Right of all slopes; points of long sequences lie further right.
        ax.annotate(f"{name} {value:.0f}", (1.15 * roof / slowest, value), textcoords="offset points", xytext=(0, 2),
                    fontsize=6.5, color="#333333")
    for name, value in ceilings.bandwidths:
        start = max(low, bottom / value)
        ax.plot([start, roof / value], [start * value, roof], color="#555555", linewidth=0.7,
                linestyle=(0, (4, 2)))
        # At 45 % of the way up, above its line.
        x = start * (roof / value / start) ** 0.45
        ax.text(x, x * value * 1.1, f"{name} {value:.0f} GB/s", fontsize=6.5, color="#333333", rotation_mode="anchor",
                rotation=math.degrees(math.atan(value)), transform_rotates_text=True, ha="center", va="bottom")


def columns_of(panel):
    """Points of one intensity and scope: they differ in heads and the like, and stand side by side."""
    panel = panel.assign(place=panel["intensity"].map(lambda value: round(math.log2(value), 2)))
    for (_, scope), column in panel.groupby(["place", "scope"], sort=True):
        yield scope, column.sort_values(["num_heads", "point"])


def shape_of(row, panel):
    """ "L 2048, causal": the length, and what else is not plain self-attention of the panel's usual width."""
    words = [f"L {row['length']:.0f}"]
    if row["batch"] != 1:
        words.append(f"B {row['batch']:.0f}")
    if row["embed_dim"] != usual_width(panel):
        words.append(f"E {row['embed_dim']:.0f}")
    return ", ".join(words + [row[field] for field in ("lengths", "flags", "kv", "width") if row[field]])


def usual_width(panel):
    return panel["embed_dim"].mode().iloc[0]


def name_shapes(ax, panel, bottom):
    """Upright at the foot of the panel; shapes of nearly one intensity share a place."""
    places = []
    for value, rows in panel.groupby("intensity", sort=True):
        names = sorted({shape_of(row, panel) for _, row in rows.iterrows()})
        if places and value < places[-1][0] * 1.55:
            places[-1][1].extend(name for name in names if name not in places[-1][1])
        else:
            places.append((value, names))
    for value, names in places:
        ax.text(value, bottom * 1.08, "\n".join(names[:2]) + (" ..." if len(names) > 2 else ""), rotation=90,
                fontsize=6, color="#333333", ha="center", va="bottom", multialignment="left", linespacing=1.05)


def name_heads(ax, places, taken):
    """Numbers of heads beside points, but for those that would stand on one another; `taken` keeps where some stand."""
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    for heads, x, y, side in places:
        across = math.log(x / left) / math.log(right / left) + 0.02 * side
        up = math.log(y / bottom) / math.log(top / bottom)
        if any(abs(across - a) < 0.055 and abs(up - b) < 0.045 for a, b in taken):
            continue
        taken.append((across, up))
        ax.annotate(f"{heads:.0f}", (x, y), textcoords="offset points", xytext=(4 * side, -2),
                    ha="left" if side > 0 else "right", fontsize=6, color="#222222")


def figure(data, name, points, ceilings):
    names = sorted(points["panel"].unique())
    scopes = sorted(points["scope"].unique())
    columns = style.panel_columns(len(names), NARROWEST)
    known = points["bound_s"].notna()
    below = int((points["median_s"] < points["bound_s"]).sum())
    text = ("Vertical: multiplies and adds of the required products over the median time; bars are 95 % intervals. "
            "Horizontal: these products for each byte of inputs and weights, read once. Solid: multiply-add peak of each "
            "instruction set [GFLOP/s]; dashed: bandwidth of reading from each level. Dashes beside points: the least time "
            "of each, its exponentials included" +
            ("" if known.all() else f" (not whole, and not drawn, for {int((~known).sum())})") +
            ". Points of one intensity stand side by side, fewest heads left; numbers beside the first and the last are "
            "their heads, where there is room. " +
            (f"{below} points are faster than their bound: the limits were measured on a disturbed machine. "
             if below else "") +
            f"Each point has {captions.rounds_text(points)}. L: {frame.length_name(points)}. {data.origin(points)}")
    rows = math.ceil(len(names) / columns)
    width = 5.4 if len(names) == 1 else 3.4
    labels = scopes + (["least time"] if known.any() else [])
    handles = {scope: Line2D([], [], color="#777777", marker=looks.MARKERS[i], linestyle="none", markersize=4)
               for i, scope in enumerate(scopes)}
    legend_columns = style.legend_columns(labels, columns, width)
    fig, axes = style.panels(rows, columns, width=width, height=HEIGHT,
                             legend_lines=math.ceil(len(labels) / legend_columns),
                             caption_lines=style.caption_lines(text, columns, width), sharex=True, sharey=True)
    rates = pandas.concat([points["product_flops"] / points[c] / 1e9 for c in ("median_s", "low_s", "high_s")]).dropna()
    roof = ceilings.roof()
    slowest = min(value for _, value in ceilings.bandwidths)
    fastest = max(value for _, value in ceilings.bandwidths)
    low, high = min(points["intensity"].min() / 3, roof / fastest / 8), max(points["intensity"].max(), roof / slowest) * 3
    # Room at the foot for the names of shapes: longer ones need more.
    longest = max(len(shape_of(row, points)) for _, row in points.iterrows())
    bottom = min(rates.min(), min(value for _, value in ceilings.peaks)) / (5 if longest < 20 else 50)
    top = max(roof, rates.max()) * 1.5
    for ax, panel_name in zip(axes.flat, names):
        panel = points[points["panel"] == panel_name]
        ax.set_xscale("log", base=2)
        ax.set_yscale("log")
        ax.set_xlim(low, high)
        ax.set_ylim(bottom, top)
        draw_ceilings(ax, ceilings, low, high, bottom)
        taken = []
        for scope, column in columns_of(panel):
            look = looks.implementation(panel["variant"].iloc[0], panel["backend"].iloc[0]) | {
                "marker": looks.MARKERS[scopes.index(scope)], "markersize": 3.8}
            step = min(1.07, 1.6 ** (1 / len(column)))
            x = [i * step**(k - (len(column) - 1) / 2) for k, i in enumerate(column["intensity"])]
            y = column["product_flops"] / column["median_s"] / 1e9
            errors = style.error_bars(y, column["product_flops"] / column["high_s"] / 1e9,
                                      column["product_flops"] / column["low_s"] / 1e9)
            ax.errorbar(x, y, yerr=errors, capsize=1.5, elinewidth=0.8, **look)
            mark = style.bound_marks(ax, x, column["product_flops"] / column["bound_s"] / 1e9, looks.BOUND)
            handles["least time"] = mark or handles.get("least time")
            places = [(column["num_heads"].iloc[k], x[k], y.iloc[k], side) for k, side in ((0, -1), (len(column) - 1, 1))]
            name_heads(ax, places[-1:] if len(column) == 1 else places, taken)
        name_shapes(ax, panel, bottom)
        style.log_axis(ax.yaxis, bottom, top)
        style.binary_axis(ax.xaxis, low, high)
        ax.set_title(panel_name, loc="left")
    style.hide_unused(axes, len(names))
    for i, ax in enumerate(list(axes.flat)[:len(names)]):
        ax.tick_params(labelbottom=True)
        if i % columns == 0:
            ax.set_ylabel("products [GFLOP/s]")
        if i + columns >= len(names):
            ax.set_xlabel("required FLOP a compulsory byte")
    style.title(fig, name)
    style.legend(fig, [handles[label] for label in labels], labels, legend_columns)
    style.caption(fig, text)
    return fig


if __name__ == "__main__":
    raise SystemExit(frame.main("roofline", draw, SHOWS))
