"""What is counted and what is held in memory, over the number of heads: FLOPs, exponentials, workspace."""
import math
import os
import sys
from collections import Counter

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # which isolated interpreters leave out
import frame
import looks
import style

from matplotlib.lines import Line2D

HEIGHT = 1.75  # inches of a panel

# The columns of each panel, and how counts are told.
DRAWN = {"flops": ["required_flops", "executed_flops"], "exps": ["required_exps", "executed_exps"],
         "memory": ["workspace_bytes"]}
COUNTED = {"flops": ("FLOPs", "$10^9$", 1e9), "exps": ("exponentials", "$10^6$", 1e6)}
NEAR = 0.04  # of a value: series that differ by less look the same
STEP = 0.13  # octaves between such series

SHOWS = {"quantities": ["count"], "summary": "none", "lines_over": "num_heads",
         "left_out": "points that were only counted, unless a measured one of their size stands beside them",
         "left_out_because": "counted twins of measured points say nothing new, and grids of counts are for proofs"}


def draw(data):
    data.need(["required_flops", "executed_flops", "required_exps", "executed_exps", "workspace_bytes", "peak_bytes"])
    points = data.points[data.points["outcome"].isin(["measured", "counted"]) & data.points["required_flops"].notna()]
    fields = [f for f in data.figure_fields() if f != "backend"]  # counts differ between backends only where shown
    points = beside_measured(points, fields)
    sizes = points.groupby(fields + ["backend", "variant", "length"])["num_heads"].transform("nunique")
    points = points[sizes >= 2]
    if points.empty:
        raise frame.NotApplicable("counts over heads need points that differ in num_heads")
    for suffix, name, part in frame.figures(points, fields):
        lengths = sorted(part["length"].unique())
        columns = style.panel_columns(3)
        for end, tail, page in style.pages(lengths, 1, HEIGHT * (3 // columns)):
            yield suffix + end, figure(data, name + tail, part[part["length"].isin(page)], page, columns)


def beside_measured(points, fields):
    """Where there are measured points: these, and variants that were only counted, at the same sizes.

    Grids of counts alone are for proofs, not for looking at, and a counted twin of a measured point says nothing new.
    """
    points = points.assign(is_measured=points["outcome"] == "measured")
    if not points["is_measured"].any():
        return points
    same_size = points.groupby(fields + ["length", "num_heads"])["is_measured"].transform("any")
    has_twin = points.groupby(fields + ["length", "variant"])["is_measured"].transform("any")
    return points[points["is_measured"] | (same_size & ~has_twin)]


def series_of(points, columns):
    """(variant, backends, points) of each series: backends of one variant with equal values share it."""
    groups = {}
    for (variant, backend), line in points.groupby(["variant", "backend"]):
        line = line.sort_values("num_heads")
        groups.setdefault((variant, tuple(tuple(line[c].fillna(-1)) for c in ["num_heads", *columns])), []).append(
            (backend, line))
    for (variant, _), members in groups.items():
        yield variant, [backend for backend, _ in members], members[0][1]


def seen_of(line, column):
    """Equal for series that look the same: within a few per cent at every number of heads."""
    return tuple((heads, round(math.log(value) / NEAR) if value > 0 else value)
                 for heads, value in zip(line["num_heads"], line[column].fillna(-1)))


def look_of(variant, number):
    """The variant's own; the later ones of several series of one variant are small."""
    return looks.variant(variant) | {"linestyle": "none", "markersize": 4 if number == 0 else 2.5}


class Drawn:
    """One series: its points, where they stand beside others that look the same, and how it looks."""

    def __init__(self, line, x, look, colour):
        self.line, self.x, self.look, self.colour = line, x, look, colour

    def on(self, ax, values, **changes):
        """Markers side by side, and a line where they belong: grey where several series have it."""
        shown = values.notna()
        ax.plot(self.line["num_heads"][shown], values[shown], marker=".", markersize=1, linewidth=0.9, zorder=1,
                color=self.colour, linestyle=changes.pop("linestyle", "-"))
        ax.plot(self.x[shown], values[shown], **(self.look | changes))


def drawn(points, columns, variants, handles):
    """Every series of a panel, and in `handles` how each is told in the legend."""
    series = list(series_of(points, columns))
    counts = Counter(seen_of(line, columns[0]) for _, _, line in series)
    numbers, places = Counter(), Counter()
    for variant, backends, line in sorted(series, key=lambda one: variants.index(one[0])):
        values = seen_of(line, columns[0])
        look = look_of(variant, numbers[variant])
        aside = STEP * (places[values] - (counts[values] - 1) / 2)
        numbers[variant] += 1
        places[values] += 1
        every = set(points[points["variant"] == variant]["backend"])
        label = variant if set(backends) == every else f"{variant} ({' '.join(backends)})"
        handles.setdefault(label, Line2D([], [], **(look | {"linestyle": "-"})))
        yield Drawn(line, line["num_heads"] * 2 ** aside, look, look["color"] if counts[values] == 1 else "#999999")


def counts_panel(ax, points, kind, variants, handles):
    name, unit, scale = COUNTED[kind]
    required, executed = DRAWN[kind]
    for one in drawn(points, [required, executed], variants, handles):
        one.on(ax, one.line[required] / scale)
        if (one.line[executed] != one.line[required]).any():
            one.on(ax, one.line[executed] / scale, markerfacecolor="white", linestyle=":")
    ax.set_ylabel(f"{name} [{unit}]", parse_math=True)


def memory_panel(ax, points, variants, handles):
    mib = 2**20
    for one in drawn(points, DRAWN["memory"], variants, handles):
        line = one.line
        one.on(ax, line["workspace_bytes"] / mib)
        known = line["peak_bytes"] > 0
        ax.plot(one.x[known], line["peak_bytes"][known] / mib, "o", color=one.look["color"], markersize=8, fillstyle="none",
                markeredgewidth=0.8)
    ax.set_ylabel("workspace [MiB]")


def figure(data, name, points, lengths, columns):
    text = ("Counts are exact: required work, and executed work where it differs (hollow, dotted). Memory: lines are predicted "
            "by a dry run, circles the high-water mark of a run, which is as exact. What the system saw of a fresh process, once "
            "a point, is in points.csv (process_peak_bytes). Series of nearly equal values stand side by side on grey lines. "
            f"Points left out: {SHOWS['left_out_because']}. L: {frame.length_name(points)}. {data.origin(points)}")
    variants = sorted(points["variant"].unique(), key=looks.place_of)
    rows = len(lengths) * (3 // columns)
    handles = {}
    for length in lengths:
        for shown in DRAWN.values():
            list(drawn(points[points["length"] == length], shown, variants, handles))
    legend_columns = style.legend_columns(list(handles), columns)
    fig, axes = style.panels(rows, columns, width=2.9, height=HEIGHT, legend_lines=math.ceil(len(handles) / legend_columns),
                             caption_lines=style.caption_lines(text, columns))
    for row, length in enumerate(lengths):
        part = points[points["length"] == length]
        flops, exps, memory = list(axes.flat)[3 * row:3 * row + 3]
        counts_panel(flops, part, "flops", variants, handles)
        counts_panel(exps, part, "exps", variants, handles)
        memory_panel(memory, part, variants, handles)
        for ax in (flops, exps, memory):
            scale_axes(ax, part, from_zero=ax is flops)
            style.panel_title(ax, f"$L$ = {length:.0f}")
            if row + 1 == len(lengths) or columns < 3:
                style.x_label(ax, SHOWS["lines_over"])
    style.title(fig, f"Counted work and memory over heads: {name}")
    style.legend(fig, list(handles.values()), list(handles), legend_columns)
    style.caption(fig, text)
    return fig


def scale_axes(ax, points, from_zero):
    """Linear from zero for what is nearly equal and should look so, logarithmic for the rest."""
    ax.set_xscale("log", base=2)
    style.powers_axis(ax.xaxis, points["num_heads"])
    values = [v for line in ax.get_lines() for v in line.get_ydata() if v > 0 and not math.isnan(v)]
    if not values:  # all is zero, which has no scale
        ax.set_ylim(-0.1, 1)
        ax.set_yticks([0])
        return
    if from_zero:
        ax.set_ylim(0, max(values) * 1.15)
    else:
        low, high = style.limits(values)
        ax.set_yscale("log")
        ax.set_ylim(low, high)
        style.log_axis(ax.yaxis, low, high)


if __name__ == "__main__":
    raise SystemExit(frame.main("counts_over_heads", draw, SHOWS))
