"""Time against the number of heads: ratio to the base case, with the band that the config declared as equality."""
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # which isolated interpreters leave out
import frame
import style

SHOWS = {"quantities": ["ratio", "time"], "summary": "median", "bars": "95 % intervals", "lines_over": "num_heads",
         "bound": "dashes: the least time that the limits measured by the run allow",
         "base": "in the title of each panel",
         "spread": "named in the caption, from the 5th to the 95th percentile"}


def ratio_is_over_heads(points):
    """True when every point is compared with one that differs from it only in the number of heads."""
    known = set(points["point"])
    bases = points.groupby("series")["ratio_base"].agg(["nunique", "first"])
    return (not points["ratio"].isna().any() and (bases["nunique"] == 1).all() and
            all(base in known for base in bases["first"]))


def base_seconds(points):
    """The median of each point's base."""
    return points["ratio_base"].map(points.set_index("point")["median_s"])


def base_line(panel):
    """ "at H = 1: 0.54, 3.4 ms", in the order of the legend."""
    words = []
    for _, series in panel.groupby("length"):
        base = series[series["point"] == series["ratio_base"]]
        words.append(frame.quantity(base["median_s"].iloc[0], "s"))
    heads = sorted(set(int(h) for h in panel[panel["point"] == panel["ratio_base"]]["num_heads"]))
    return f"1 is {', '.join(words)} at H = {', '.join(map(str, heads))}"


def draw(data):
    data.need(["n_rounds", "median_s", "low_s", "high_s", "ratio", "ratio_low", "ratio_high", "ratio_base", "bound_s", "bound_lacks"])
    points = data.points[(data.points["outcome"] == "measured") & data.points["median_s"].notna()].copy()
    fields = data.figure_fields() + ["variant", "length"]
    points["series"] = points.groupby(fields).ngroup()
    sizes = points.groupby("series")["num_heads"].transform("nunique")
    points = points[sizes >= 2]
    if points.empty:
        raise frame.NotApplicable("time over heads needs timed points that differ in num_heads")
    for suffix, name, part in frame.figures(points, data.figure_fields()):
        yield suffix, figure(data, name, part)


def figure(data, name, points):
    variants = sorted(points["variant"].unique())
    lengths = sorted(points["length"].unique())
    relative = ratio_is_over_heads(points)
    margin = data.margin() if relative else None
    columns = style.panel_columns(len(variants))
    labels = [f"{frame.length_name(points)} {n:.0f}" for n in lengths]
    text = (f"Time of one {frame.pass_name(points)} " + ("divided by that of the base case, paired round by round"
                                           if relative else "(median)") +
            "; bars are 95 % intervals. " + frame.bounds_text(points) +
            (", divided likewise. " if relative else ". ") +
            (f"Grey band: what was declared equal beforehand (within {margin:.3g} of 1). " if margin else
             "No margin was declared. " if relative else "") +
            f"Each point has {frame.rounds_text(points)}. {data.origin()}")
    rows = math.ceil(len(variants) / columns)
    legend_columns = style.legend_columns(labels, columns)
    fig, axes = style.panels(rows, columns, legend_lines=math.ceil(len(lengths) / legend_columns),
                             caption_lines=style.caption_lines(text, columns), sharex=True, sharey=True)
    value, low, high = ("ratio", "ratio_low", "ratio_high") if relative else ("median_s", "low_s", "high_s")
    scale = 1 if relative else 1e3
    bounds = points["bound_s"] / base_seconds(points) if relative else points["bound_s"]
    smallest = points[[value, low]].min().min() * scale
    largest = points[[value, high]].max().max() * scale
    if bounds.notna().any():
        smallest = min(smallest, bounds.min() * scale)
    if relative:
        smallest, largest = min(smallest, 1 - (margin or 0)), max(largest, 1 + (margin or 0))
    handles = {}
    for ax, variant in zip(axes.flat, variants):
        panel = points[points["variant"] == variant]
        if margin:
            ax.axhspan(1 - margin, 1 + margin, color=style.BAND, alpha=0.6, linewidth=0)
        if relative:
            ax.axhline(1, color="#555555", linewidth=0.8)
        for length, series in panel.groupby("length"):
            series = series.sort_values("num_heads")
            errors = style.error_bars(series[value] * scale, series[low] * scale, series[high] * scale)
            # Moved aside by a few percent: at the base every series stands at 1.
            aside = 2 ** (0.09 * (lengths.index(length) - (len(lengths) - 1) / 2))
            handles[length] = ax.errorbar(series["num_heads"] * aside, series[value] * scale, yerr=errors, capsize=2,
                                          elinewidth=0.9, **style.line_style(lengths.index(length)))
            style.bound_marks(ax, series["num_heads"] * aside, bounds[series.index] * scale,
                              style.line_style(lengths.index(length))["color"])
        ax.set_xscale("log", base=2)
        style.powers_axis(ax.xaxis, points["num_heads"])
        if not relative or largest / smallest > 4:
            ax.set_yscale("log")
            style.log_axis(ax.yaxis, smallest, largest)
        ax.set_title(f"{variant}\n" + (base_line(panel) if relative else ""), loc="left")
    # Room for the markers at both ends.
    if relative and largest / smallest <= 4:
        space = 0.06 * (largest - smallest)
        axes.flat[0].set_ylim(smallest - space, largest + space)
    else:
        space = (largest / smallest) ** 0.06
        axes.flat[0].set_ylim(smallest / space, largest * space)
    style.hide_unused(axes, len(variants))
    for i, ax in enumerate(list(axes.flat)[:len(variants)]):
        if i % columns == 0:
            ax.set_ylabel("time / time of base" if relative else "time [ms]")
        ax.tick_params(labelbottom=True)
        if i + columns >= len(variants):
            ax.set_xlabel(style.AXIS_LABELS[SHOWS["lines_over"]])
    style.title(fig, f"Time over heads: {name}")
    style.legend(fig, [handles[n] for n in lengths], labels, legend_columns)
    style.caption(fig, text)
    return fig


if __name__ == "__main__":
    raise SystemExit(frame.main("time_over_heads", draw, SHOWS))
