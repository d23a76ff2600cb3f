"""Time over sequence length on log-log axes, with a fitted exponent and its interval for each number of heads."""
import math

import numpy

import frame
import style

MOST_SERIES = 3  # in a panel; with more, lines cover each other

SHOWS = {"quantities": ["time"], "summary": "median", "bars": "95 % intervals", "lines_over": "kv_len",
         "assumes": "normal errors of the medians, carried through the fit of the exponent",
         "left_out": f"numbers of heads beyond {MOST_SERIES} in a panel",
         "left_out_because": "with more, lines cover each other"}


def fitted(series):
    """Least-squares slope through the logs, its 95 % interval, and the slopes of the first and the last step.

    The interval carries those of the medians through the fit: noise alone. A t interval over the residuals would mix
    it with the bend of the curve (projections are linear, the core is quadratic), which the two steps show instead.
    """
    x, y = numpy.log(series["length"].to_numpy()), numpy.log(series["median_s"].to_numpy())
    weight = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
    half_widths = numpy.log(series["high_s"].to_numpy() / series["low_s"].to_numpy()) / 2
    half = math.sqrt(((weight * half_widths) ** 2).sum())
    steps = numpy.diff(y) / numpy.diff(x)
    slope = (weight * y).sum()
    return slope, slope - half, slope + half, steps[0], steps[-1]


def chosen(heads):
    """At most MOST_SERIES of the values, evenly spread, first and last among them."""
    if len(heads) <= MOST_SERIES:
        return heads
    step = (len(heads) - 1) / (MOST_SERIES - 1)
    return [heads[round(i * step)] for i in range(MOST_SERIES)]


def draw(data):
    data.need(["n_rounds", "median_s", "low_s", "high_s"])
    points = data.points[(data.points["outcome"] == "measured") & (data.points["median_s"] > 0)]
    keys = [f for f in frame.FIGURE_FIELDS if f != "width"] + ["variant", "num_heads"]
    sizes = points.groupby(keys)["length"].transform("nunique")
    points = points[sizes >= 3]
    if points.empty:
        raise frame.NotApplicable("scaling needs timed points at three sequence lengths or more")
    for suffix, name, part in frame.figures(points):
        yield suffix, figure(data, name, part)


def guides(ax, points):
    """n^1 below the data's left half and n^2 below its right half: beside the curve, across none of it."""
    low, high = points["length"].min(), points["length"].max()
    middle = math.sqrt(low * high)
    left = points[points["length"] == low]["median_s"].min() * 1e3 / 2
    right = points[points["length"] == high]["median_s"].min() * 1e3 / 2
    for x, y, name, dash in (([low, middle], [left, left * middle / low], "n^1", (0, (1, 2))),
                             ([middle, high], [right * (middle / high) ** 2, right], "n^2", (0, (4, 2)))):
        ax.plot(x, y, color="#666666", linewidth=0.9, linestyle=dash)
        ax.annotate(name, (x[0], y[0]), textcoords="offset points", xytext=(7, -9), fontsize=7, color="#444444")
    return min(left, right * (middle / high) ** 2)


def figure(data, name, points):
    variants = sorted(points["variant"].unique())
    every = sorted(points["num_heads"].unique())
    heads = chosen(every)
    columns = style.panel_columns(len(variants))
    text = ("Median time of one forward pass; bars are 95 % intervals. Exponents: least squares through the logs over "
            "all lengths, with 95 % intervals carried over from the medians; in brackets the slopes of the first and "
            "the last step: where they differ, the curve is no power law. Grey: slopes of n^1 and n^2. " +
            ("" if heads == every else f"{len(heads)} of {len(every)} numbers of heads are drawn: {SHOWS['left_out_because']}. ") +
            f"Each point has {frame.rounds_text(points)}. {data.origin()}")
    rows = math.ceil(len(variants) / columns)
    fig, axes = style.panels(rows, columns, width=3.2, height=3.2, caption_lines=style.caption_lines(text, columns, 3.2))
    for i, (ax, variant) in enumerate(zip(axes.flat, variants)):
        panel = points[points["variant"] == variant]
        bottom = guides(ax, points)
        for h in heads:
            series = panel[panel["num_heads"] == h].sort_values("length")
            if len(series) < 3:
                continue
            slope, low, high, first, last = fitted(series)
            interval = f"{low:.2f} to {high:.2f}" if low == low else "no interval"
            errors = style.error_bars(series["median_s"] * 1e3, series["low_s"] * 1e3, series["high_s"] * 1e3)
            ax.errorbar(series["length"], series["median_s"] * 1e3, yerr=errors, capsize=2, elinewidth=0.9,
                        label=f"H = {h:.0f}: n^{slope:.2f}, {interval} ({first:.2f}, {last:.2f})",
                        **style.line_style(heads.index(h)))
        ax.set_xscale("log", base=2)
        ax.set_yscale("log")
        style.powers_axis(ax.xaxis, points["length"])
        low, high = bottom / 2, points[["median_s", "high_s"]].max().max() * 1e3 * 1.3
        ax.set_ylim(low, high)
        style.log_axis(ax.yaxis, low, high)
        ax.set_xlabel(style.AXIS_LABELS[SHOWS["lines_over"]])
        if i % columns == 0:
            ax.set_ylabel("time [ms]")
        ax.set_title(variant, loc="left")
        ax.legend(loc="upper left", bbox_to_anchor=(-0.02, -0.2), handlelength=3.4, fontsize=7.5)
    style.hide_unused(axes, len(variants))
    style.title(fig, f"Time over sequence length: {name}")
    style.caption(fig, text)
    return fig


if __name__ == "__main__":
    raise SystemExit(frame.main("scaling", draw, SHOWS))
