"""What heads cost in one view: milliseconds over the number of heads, fused and unfused, causal and not, and the ratios."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # which isolated interpreters leave out
import frame
import captions
import looks
import series
import style

import pandas
from matplotlib.lines import Line2D

SHOWS = {"quantities": ["time", "ratio"], "summary": "median", "bars": "95 % intervals", "lines_over": "num_heads",
         "bound": "dashes: the least time that the limits measured by the run allow",
         "base": "the first point of each line in the panel of times",
         "spread": "named in the caption, from the 5th to the 95th percentile"}


def draw(data):
    data.need(["n_rounds", "median_s", "low_s", "high_s", "score_bytes", "bound_s", "bound_lacks"])
    points = series.over_heads(data)
    points["line"] = [line_name(row) for _, row in points.iterrows()]
    fields = [field for field in data.figure_fields() if field != "causal"] + ["length"]
    several = points.groupby(fields)["line"].transform("nunique") >= 2
    points = points[several]
    if points.empty:
        raise frame.NotApplicable("heads fused and causal needs, at one length, two timed series over heads that differ "
                                  "in variant or causal")
    for suffix, name, part in frame.figures(points, fields):
        length = f"L = {part['length'].iloc[0]:.0f}"
        told = points["length"].nunique() > 1
        yield suffix, figure(data, name if told else f"{name}, {length}", part)


def core_of(row):
    """ "unfused" where scores are written to memory. What writes none need not be fused: some have no scores."""
    return "unfused" if row["score_bytes"] > 0 else ""


def line_name(row):
    words = [word for word in (core_of(row), row["causal"]) if word]
    return row["variant"] + (f" ({', '.join(words)})" if words else "")


def look_of(line):
    """The colour and marker of the variant; hollow and dashed where a mask hides the keys behind a query."""
    look = looks.variant(line["variant"].iloc[0]) | {"linestyle": "-"}
    return look | ({"markerfacecolor": "white", "linestyle": (0, (4, 2))} if line["causal"].iloc[0] else {})


def figure(data, name, points):
    names = sorted(points["line"].unique())
    columns = style.panel_columns(2, 2.4)
    text = (f"Median time of one {captions.pass_name(points)} (first panel), and the time divided by that of the fewest heads "
            f"of the same line, paired round by round (second panel); bars are 95 % intervals"
            f"{captions.unbounded_text(points)}. Unfused: scores are written to memory; the other lines write none. "
            f"{captions.bounds_text(points)}. "
            f"L = {points['length'].iloc[0]:.0f} ({frame.length_name(points)}). Each point has "
            f"{captions.rounds_text(points)}. {data.origin(points)}")
    legend_columns = style.legend_columns(names + ["least time"], columns)
    fig, axes = style.panels(2 // columns, columns, height=3.0, width=3.3,
                             legend_lines=-(-(len(names) + 1) // legend_columns),
                             caption_lines=style.caption_lines(text, columns, 3.3))
    times, ratios = axes.flat
    handles = {}
    for ax, column, scale in ((times, ["median_s", "low_s", "high_s"], 1e3), (ratios, ["ratio", "ratio_low", "ratio_high"], 1)):
        every = pandas.concat([points[c] for c in column]) * scale
        low, high = style.limits(every, points["bound_s"] * 1e3 if ax is times else ())
        # Times from zero unless a factor of four lies between: what is nearly equal should look so.
        log = high > 4 * low
        if log:
            ax.set_yscale("log")
            style.log_axis(ax.yaxis, low, high)
        ax.set_ylim(0 if ax is times and not log else low, high)
        ax.set_xscale("log", base=2)
        style.powers_axis(ax.xaxis, points["num_heads"])
        for i, name_of_line in enumerate(names):
            line = points[points["line"] == name_of_line].sort_values("num_heads")
            middle, lower, upper = (line[c] * scale for c in column)
            x = line["num_heads"] * 2 ** (0.05 * (i - (len(names) - 1) / 2))
            handles[name_of_line] = ax.errorbar(x, middle, yerr=style.error_bars(middle, lower, upper), capsize=2,
                                                elinewidth=0.9, **look_of(line))
            if ax is times:
                if style.bound_marks(ax, x, line["bound_s"] * 1e3, look_of(line)["color"]):
                    handles["least time"] = Line2D([], [], linestyle="none", marker="_", color="#555555", markersize=7)
        style.x_label(ax, SHOWS["lines_over"])
    times.set_ylabel("time [ms]")
    style.panel_title(times, "time")
    ratios.axhline(1, color="#555555", linewidth=0.8)
    ratios.set_ylabel("time / time of base")
    heads = sorted({int(h) for h in points.loc[points["point"] == points["base"], "num_heads"]})
    style.panel_title(ratios, f"ratio\n1 is the first point of each line, $H$ = {', '.join(map(str, heads))}")
    labels = [label for label in names + ["least time"] if handles.get(label)]
    style.title(fig, f"What heads cost: {name}")
    style.legend(fig, [handles[label] for label in labels], labels, legend_columns)
    style.caption(fig, text)
    return fig


if __name__ == "__main__":
    raise SystemExit(frame.main("heads_fused_causal", draw, SHOWS))
