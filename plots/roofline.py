"""Roofline: products a second over required FLOPs a compulsory byte, under the ceilings that the run measured."""
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # which isolated interpreters leave out
import frame
import captions
import looks
import members
import style
from labels import Labels

import pandas
from matplotlib.lines import Line2D

NARROWEST, HEIGHT = 2.6, 2.9  # inches of a panel
NO_BREAK = "\u00a0"
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
    points["panel"] = [members.implementation(row) for _, row in points.iterrows()]
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
    for i, (name, value) in enumerate(ceilings.peaks):
        ax.plot([value / fastest, high], [value, value], color="#555555", linewidth=1.0 if i == 0 else 0.7)
        # At the right edge, beyond the points; below its line where the one above is near.
        near = i > 0 and value > ceilings.peaks[i - 1][1] / 1.5
        ax.annotate(f"{name} {value:.0f}", (high, value), textcoords="offset points", xytext=(-1, -2 if near else 2),
                    fontsize=6.5, color="#333333", ha="right", va="top" if near else "bottom")
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
    """ "L 2048, causal": the length, and what else is not plain self-attention of the usual width and batch."""
    words = [f"L {row['length']:.0f}"]
    if row["batch"] != usual(panel, "batch"):
        words.append(f"B {row['batch']:.0f}")
    if row["embed_dim"] != usual(panel, "embed_dim"):
        words.append(f"E {row['embed_dim']:.0f}")
    return ", ".join(words + [row[field] for field in ("lengths", "flags", "kv", "width") if row[field]])


def usual(panel, field):
    return panel[field].mode().iloc[0]


def letters_of(points):
    """A letter for each shape of a figure, in order of intensity: {"L 512": "a", "L 2048, causal": "b"}."""
    shapes = {}
    for _, row in points.sort_values(["intensity", "point"]).iterrows():
        shapes.setdefault(shape_of(row, points), len(shapes))
    return {shape: chr(ord("a") + i) if i < 26 else f"a{chr(ord('a') + i - 26)}" for shape, i in shapes.items()}


def name_shapes(ax, panel, letters, points):
    """Letters at the foot of the panel, below their points; those that would touch stand in a row above."""
    left, right = ax.get_xlim()
    inches = ax.get_position().width * ax.figure.get_figwidth()
    ends = []  # of the last letters of each row, in inches
    placed = panel.assign(shape=[shape_of(row, points) for _, row in panel.iterrows()])
    for value, rows in placed.groupby("intensity", sort=True):
        text = ",".join(dict.fromkeys(letters[shape] for shape in rows["shape"]))
        middle, half = inches * math.log(value / left) / math.log(right / left), 0.03 + 0.03 * len(text)
        row = next((i for i, end in enumerate(ends) if middle - half > end), len(ends))
        ends[row:row + 1] = [middle + half]
        ax.annotate(text, (value, 0), xycoords=("data", "axes fraction"), textcoords="offset points", xytext=(0, 2 + 7 * row),
                    fontsize=6.5, color="#333333", ha="center", va="bottom")


def name_heads(ax, columns):
    """The heads of the first and of the last point of each column, where there is room."""
    labels = Labels(ax, 6)
    for _, xs, ys in columns:
        labels.avoid(xs, ys)
    for heads, xs, ys in columns:
        for k, sides in ((0, (-1, 1)), (len(xs) - 1, (1, -1)))[1 if len(xs) == 1 else 0:]:
            labels.beside(f"{heads.iloc[k]:.0f}", xs[k], ys.iloc[k], sides, color="#222222")


def figure(data, name, points, ceilings):
    names = sorted(points["panel"].unique())
    scopes = sorted(points["scope"].unique())
    columns = style.panel_columns(len(names), NARROWEST)
    known = points["bound_s"].notna()
    letters = letters_of(points)
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
            f"Letters below points are their shapes: {'; '.join(f'{letter} {shape}'.replace(' ', NO_BREAK, 2) for shape, letter in letters.items())} "
            f"(L: {frame.length_name(points)}; else batch {usual(points, 'batch'):.0f}, embed_dim {usual(points, 'embed_dim'):.0f}). Each point has {captions.rounds_text(points)}. {data.origin(points)}")
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
    low, high = min(points["intensity"].min() / 3, roof / fastest / 8), max(points["intensity"].max(), roof / slowest) * 10
    bottom = min(rates.min(), min(value for _, value in ceilings.peaks)) / 5  # room for the letters
    top = max(roof, rates.max()) * 1.5
    for ax, panel_name in zip(axes.flat, names):
        panel = points[points["panel"] == panel_name]
        ax.set_xscale("log", base=2)
        ax.set_yscale("log")
        ax.set_xlim(low, high)
        ax.set_ylim(bottom, top)
        draw_ceilings(ax, ceilings, low, high, bottom)
        drawn = []  # columns and their places
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
            drawn.append((column["num_heads"], x, y))
        name_heads(ax, drawn)
        name_shapes(ax, panel, letters, points)
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
