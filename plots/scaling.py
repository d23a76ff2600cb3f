"""Time over sequence length on log-log axes, with a fitted exponent and its interval for each number of heads."""
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

MOST_SERIES = 3  # in a panel; with more, lines cover each other
HEIGHT = 3.4     # inches of a panel with its legend

SHOWS = {"quantities": ["time"], "summary": "median", "bars": "95 % intervals", "lines_over": "kv_len",
         "bound": "dashes: the least time that the limits measured by the run allow",
         "left_out": f"numbers of heads beyond {MOST_SERIES} in a panel",
         "left_out_because": "with more, lines cover each other",
         "spread": "named in the caption, from the 5th to the 95th percentile"}


def exponent_text(exponents, series):
    """ "$L^{1.35}$, 1.33 to 1.37 (1.12, 1.58)" of the series, found by its shortest point: of medians, whose
    interval is of ranks and assumes nothing of the noise."""
    row = exponents.loc[series["point"].iloc[0]]
    low, high = row["median_low"], row["median_high"]
    interval = "too few rounds" if math.isnan(low) or math.isnan(high) else f"{low:.2f} to {high:.2f}"
    return f"$L^{{{row['median_exponent']:.2f}}}$, {interval} ({row['first_step']:.2f}, {row['last_step']:.2f})"


def chosen(heads):
    """At most MOST_SERIES of the values, evenly spread, first and last among them."""
    if len(heads) <= MOST_SERIES:
        return heads
    step = (len(heads) - 1) / (MOST_SERIES - 1)
    return [heads[round(i * step)] for i in range(MOST_SERIES)]


def draw(data):
    data.need(["n_rounds", "median_s", "low_s", "high_s", "bound_s", "bound_lacks"])
    points = data.points[(data.points["outcome"] == "measured") & (data.points["median_s"] > 0)]
    keys = [f for f in data.figure_fields() if f != "width"] + ["variant", "num_heads"]
    sizes = points.groupby(keys)["length"].transform("nunique")
    points = points[sizes >= 3]
    if points.empty:
        raise frame.NotApplicable("scaling needs timed points at three sequence lengths or more")
    exponents = data.exponents()
    missing = sorted(set(shortest(points, keys)) - set(exponents.index))
    if missing:
        raise frame.DataError(f"{data.directory}/exponents.csv: no row for {missing[0]}; export the result again")
    for suffix, name, part in frame.figures(points, data.figure_fields()):
        variants = sorted(part["variant"].unique())
        for end, tail, page in style.pages(variants, style.panel_columns(len(variants), 2.2), HEIGHT):
            yield suffix + end, figure(data, name + tail, part[part["variant"].isin(page)], exponents)


def shortest(points, keys):
    """The point of each series with the fewest keys: it names the series in exponents.csv."""
    return points.sort_values("length").groupby(keys)["point"].first()


def guides(ax, points):
    """$L^1$ below the data's left half and $L^2$ below its right half: beside the curve, across none of it."""
    low, high = points["length"].min(), points["length"].max()
    middle = math.sqrt(low * high)
    left = points[points["length"] == low]["median_s"].min() * 1e3 / 2
    right = points[points["length"] == high]["median_s"].min() * 1e3 / 2
    for x, y, name, dash in (([low, middle], [left, left * middle / low], "$L^1$", (0, (1, 2))),
                             ([middle, high], [right * (middle / high) ** 2, right], "$L^2$", (0, (4, 2)))):
        ax.plot(x, y, color="#666666", linewidth=0.9, linestyle=dash)
        ax.annotate(name, (x[0], y[0]), textcoords="offset points", xytext=(7, -9), fontsize=7, color="#444444",
                    parse_math=True)
    return min(left, right * (middle / high) ** 2)


def figure(data, name, points, exponents):
    variants = sorted(points["variant"].unique())
    every = sorted(points["num_heads"].unique())
    heads = chosen(every)
    columns = style.panel_columns(len(variants), 2.2)
    text = (f"Median time of one {captions.pass_name(points)}; bars are 95 % intervals, where the rounds bound one. Exponents: least "
            "squares through the logs of the medians over all lengths, with 95 % intervals of the noise alone (ranks); in brackets "
            "the slopes of the first and the last step: where they differ, the curve is no power law. Grey: slopes of L and its "
            "square. " + captions.bounds_text(points) + ". " +
            ("" if heads == every else f"{len(heads)} of {len(every)} numbers of heads are drawn: {SHOWS['left_out_because']}. ") +
            f"Each point has {captions.rounds_text(points)}. {data.origin(points)} L: {frame.length_name(points)}.")
    rows = math.ceil(len(variants) / columns)
    fig, axes = style.panels(rows, columns, width=3.2, height=HEIGHT, caption_lines=style.caption_lines(text, columns, 3.2))
    for i, (ax, variant) in enumerate(zip(axes.flat, variants)):
        panel = points[points["variant"] == variant]
        bottom = guides(ax, points)
        ax.set_yscale("log")
        low, high = style.limits(pandas.concat([points[c] * 1e3 for c in ("median_s", "low_s", "high_s")]),
                                 points["bound_s"] * 1e3, marks=[bottom / 2])
        ax.set_ylim(low, high)
        for h in heads:
            series = panel[panel["num_heads"] == h].sort_values("length")
            if len(series) < 3:
                continue
            errors = style.error_bars(series["median_s"] * 1e3, series["low_s"] * 1e3, series["high_s"] * 1e3)
            ax.errorbar(series["length"], series["median_s"] * 1e3, yerr=errors, capsize=2, elinewidth=0.9,
                        label=f"$H$ = {h:.0f}: {exponent_text(exponents, series)}",
                        **looks.ordered(heads.index(h), len(heads)))
            style.bound_marks(ax, series["length"], series["bound_s"] * 1e3, looks.ordered(heads.index(h), len(heads))["color"])
        ax.set_xscale("log", base=2)
        style.powers_axis(ax.xaxis, points["length"])
        style.log_axis(ax.yaxis, low, high)
        style.x_label(ax, SHOWS["lines_over"])
        if i % columns == 0:
            ax.set_ylabel("time [ms]")
        style.panel_title(ax, style.plain(members.implementation(panel.iloc[0], False)))
        legend = ax.legend(loc="upper left", bbox_to_anchor=(-0.02, -0.2), handlelength=3.4, fontsize=7)
        for label in legend.get_texts():
            label.set_parse_math(True)
    style.hide_unused(axes, len(variants))
    style.title(fig, f"Time over sequence length: {name}")
    style.caption(fig, text)
    return fig


if __name__ == "__main__":
    raise SystemExit(frame.main("scaling", draw, SHOWS))
