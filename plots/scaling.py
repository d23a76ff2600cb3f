"""Time over sequence length on log-log axes, with a fitted exponent and its interval for each number of heads."""
import math

import numpy
from scipy import stats

import frame
import style

MOST_SERIES = 5  # in a panel; with more, lines cover each other


def fitted(lengths, seconds):
    """Slope of a least-squares line through the logs, and the 95 % t interval (n - 2 degrees of freedom)."""
    fit = stats.linregress(numpy.log(lengths), numpy.log(seconds))
    half = stats.t.ppf(0.975, len(lengths) - 2) * fit.stderr
    return fit.slope, fit.slope - half, fit.slope + half


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
    """n^1 and n^2 through a corner below the data, so that they cross none of it."""
    low, high = points["length"].min(), points["length"].max()
    start = points[points["length"] == low]["low_s"].min() * 1e3 / 2
    for power, dash in ((1, (0, (1, 2))), (2, (0, (4, 2)))):
        stop = start * (high / low) ** power
        ax.plot([low, high], [start, stop], color="#888888", linewidth=0.9, linestyle=dash)
        ax.annotate(f"n^{power}", (high, stop), textcoords="offset points", xytext=(3, -3), fontsize=7,
                    color="#555555", annotation_clip=False)


def figure(data, name, points):
    variants = sorted(points["variant"].unique())
    every = sorted(points["num_heads"].unique())
    heads = chosen(every)
    columns = min(3, len(variants))
    text = (f"Median time of one forward pass; bars are 95 % intervals. Exponents: least squares through the logs of the "
            f"medians over all lengths, with 95 % t intervals, which measure the bend of the curve as well as noise. "
            + ("" if heads == every else f"{len(heads)} of {len(every)} head counts are drawn. ") +
            f"Grey: slopes n^1 and n^2. {frame.rounds_text(points).capitalize()}. {data.origin()}")
    rows = math.ceil(len(variants) / columns)
    fig, axes = style.panels(rows, columns, height=3.2, caption_lines=style.caption_lines(text, columns))
    start = points["low_s"].min() * 1e3 / 2
    top = points["high_s"].max() * 1e3
    span = points["length"].max() / points["length"].min()
    for i, (ax, variant) in enumerate(zip(axes.flat, variants)):
        panel = points[points["variant"] == variant]
        guides(ax, points)
        for h in heads:
            series = panel[panel["num_heads"] == h].sort_values("length")
            if len(series) < 3:
                continue
            slope, low, high = fitted(series["length"], series["median_s"])
            errors = [((series["median_s"] - series["low_s"]) * 1e3).clip(lower=0),
                      ((series["high_s"] - series["median_s"]) * 1e3).clip(lower=0)]
            ax.errorbar(series["length"], series["median_s"] * 1e3, yerr=errors, capsize=2, elinewidth=0.9,
                        label=f"H = {h:.0f}: n^{slope:.2f} [{low:.2f}, {high:.2f}]",
                        **style.line_style(heads.index(h)))
        ax.set_xscale("log", base=2)
        ax.set_yscale("log")
        style.powers_axis(ax.xaxis, points["length"])
        low, high = start / 1.2, max(top, start * span**2) * 1.2
        ax.set_ylim(low, high)
        style.log_axis(ax.yaxis, low, high)
        ax.set_xlabel("sequence length n (kv_len)")
        if i % columns == 0:
            ax.set_ylabel("time [ms]")
        ax.set_title(variant, loc="left")
        ax.legend(loc="upper left", bbox_to_anchor=(-0.02, -0.2), handlelength=3.4, fontsize=7.5)
    style.hide_unused(axes, len(variants))
    style.title(fig, f"Time over sequence length: {name}")
    style.caption(fig, text)
    return fig


if __name__ == "__main__":
    raise SystemExit(frame.main("scaling", draw))
