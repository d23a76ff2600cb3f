"""Time against the number of heads: ratio to the fewest heads, with what the config declared of it beforehand."""
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # which isolated interpreters leave out
import frame
import captions
import looks
import members
import series
import style

import pandas

SHOWS = {"quantities": ["ratio"], "summary": "median", "bars": "95 % intervals", "lines_over": "num_heads",
         "bound": "dashes: the least time that the limits measured by the run allow, over the time of the base",
         "base": "in the title of each panel",
         "spread": "named in the caption, from the 5th to the 95th percentile"}


def draw(data):
    data.need(["n_rounds", "median_s", "low_s", "high_s", "bound_s", "bound_lacks"])
    points = series.over_heads(data)
    for suffix, name, part in frame.figures(points, data.figure_fields()):
        variants = sorted(part["variant"].unique())
        for end, tail, page in style.pages(variants, style.panel_columns(len(variants))):
            yield suffix + end, figure(data, name + tail, part[part["variant"].isin(page)], page)


def base_line(panel):
    """ "1 is 0.54, 3.4 ms at H = 1", in the order of the legend."""
    bases = panel[panel["point"] == panel["base"]].sort_values("length")
    words = [captions.quantity(value, "s") for value in bases["median_s"]]
    heads = sorted(set(int(h) for h in bases["num_heads"]))
    return f"1 is {', '.join(words)} at $H$ = {', '.join(map(str, heads))}"


def figure(data, name, points, variants):
    lengths = sorted(points["length"].unique())
    declared = captions.declared(data.run, points)
    columns = style.panel_columns(len(variants))
    labels = [f"$L$ = {n:.0f}" for n in lengths]
    text = (f"Time of one {captions.pass_name(points)} divided by that of the fewest heads, paired round by round; bars are 95 % "
            f"intervals{captions.unbounded_text(points, 'ratio_low', 'ratio_high')}. {captions.bounds_text(points)}, divided "
            f"likewise. {declared_text(declared)} L: {frame.length_name(points)}. Each point has "
            f"{captions.rounds_text(points)}. {data.origin(points)}")
    legend_columns = style.legend_columns(labels, columns)
    fig, axes = style.panels(math.ceil(len(variants) / columns), columns,
                             legend_lines=math.ceil(len(lengths) / legend_columns),
                             caption_lines=style.caption_lines(text, columns), sharex=True, sharey=True)
    bounds = points["bound_s"] / points["base_s"]
    bands = [v for claim in declared for v in ((1 - claim.value, 1 + claim.value) if claim.kind == "within" else ())]
    low, high = style.limits(pandas.concat([points[c] for c in ("ratio", "ratio_low", "ratio_high")]), bounds, log=False,
                             marks=[1, *bands])
    log = high > 4 * max(low, 0.05)
    if log:
        low, high = style.limits(pandas.concat([points[c] for c in ("ratio", "ratio_low", "ratio_high")]), bounds,
                                 marks=[1, *(band for band in bands if band > 0)])
    handles = {}
    for ax, variant in zip(axes.flat, variants):
        panel = points[points["variant"] == variant]
        if log:
            ax.set_yscale("log")
            style.log_axis(ax.yaxis, low, high)
        ax.set_ylim(low, high)
        ax.set_xscale("log", base=2)
        style.powers_axis(ax.xaxis, points["num_heads"])
        ax.axhline(1, color="#555555", linewidth=0.8)
        draw_declared(ax, panel, declared)
        for length, line in panel.groupby("length"):
            line = line.sort_values("num_heads")
            look = looks.ordered(lengths.index(length), len(lengths))
            # Moved aside by a few percent: at the base every series stands at 1.
            aside = 2 ** (0.09 * (lengths.index(length) - (len(lengths) - 1) / 2))
            handles[length] = ax.errorbar(line["num_heads"] * aside, line["ratio"], capsize=2, elinewidth=0.9, **look,
                                          yerr=style.error_bars(line["ratio"], line["ratio_low"], line["ratio_high"]))
            style.bound_marks(ax, line["num_heads"] * aside, bounds[line.index], look["color"])
        style.panel_title(ax, f"{style.plain(members.implementation(panel.iloc[0], False))}\n{base_line(panel)}")
    style.hide_unused(axes, len(variants))
    for i, ax in enumerate(list(axes.flat)[:len(variants)]):
        if i % columns == 0:
            ax.set_ylabel("time / time of base")
        ax.tick_params(labelbottom=True)
        if i + columns >= len(variants):
            style.x_label(ax, SHOWS["lines_over"])
    style.title(fig, f"Time over heads: {name}")
    style.legend(fig, [handles[n] for n in lengths], labels, legend_columns, symbols=True)
    style.caption(fig, text)
    return fig


def declared_text(declared):
    if not declared:
        return "Nothing was declared of these ratios beforehand."
    return ("Declared beforehand (grey band, or a dotted line at the largest or smallest ratio): " +
            "; ".join(claim.text() for claim in declared) + ".")


def draw_declared(ax, panel, declared):
    """A band of what was declared equal, and a line over the heads of which a limit was declared."""
    for claim in declared:
        about = panel[claim.speaks_of(panel)]
        if about.empty:
            continue
        if claim.kind == "within":
            ax.axhspan(1 - claim.value, 1 + claim.value, color=looks.BAND, alpha=0.6, linewidth=0)
        else:
            heads = about["num_heads"][about["point"] != about["base"]]
            if len(heads):
                ax.hlines(claim.value, heads.min() / 1.2, heads.max() * 1.2, color="#555555", linestyle=":", linewidth=1.2)


if __name__ == "__main__":
    raise SystemExit(frame.main("time_over_heads", draw, SHOWS))
