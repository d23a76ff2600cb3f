"""Time per FLOP of the products over the width of a head, at a fixed number of heads: what widths that are no round numbers cost."""
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # which isolated interpreters leave out
import frame
import captions
import looks
import style

FEWEST = 3   # widths, fewer show no trend
ROUND = 8    # floats in the narrowest vector of the machines that we know

SHOWS = {"quantities": ["time"], "summary": "median", "bars": "95 % intervals", "lines_over": "head_dim",
         "bound": "dashes: the least time that the limits measured by the run allow",
         "spread": "named in the caption, from the 5th to the 95th percentile"}


def draw(data):
    data.need(["n_rounds", "median_s", "low_s", "high_s", "product_flops", "bound_s", "bound_lacks"])
    points = data.points[(data.points["outcome"] == "measured") & (data.points["median_s"] > 0) &
                         (data.points["product_flops"] > 0) & (data.points["head_dim"] == data.points["value_head_dim"])]
    # The embedding is as wide as all heads together, or a part of no core: it goes with the width.
    fields = [field for field in data.figure_fields() if field not in ("backend", "embed_dim", "width")] + ["num_heads"]
    series = fields + ["variant", "backend", "length"]
    points = points[points.groupby(series)["head_dim"].transform("nunique") >= FEWEST]
    if points.empty:
        raise frame.NotApplicable(f"odd widths need timed points of {FEWEST} values of head_dim at one num_heads")
    for suffix, name, part in frame.figures(points, ["variant"] + fields):
        yield suffix, figure(data, name, part)


def figure(data, name, points):
    backends = sorted(points["backend"].unique())
    lengths = sorted(points["length"].unique())
    heads = int(points["num_heads"].iloc[0])
    columns = style.panel_columns(len(backends))
    widths = sorted(points["head_dim"].unique())
    labels = [f"$L$ = {n:.0f}" for n in lengths]
    text = (f"Median time of one {captions.pass_name(points)} over the FLOPs of the products that the definition needs; bars are "
            f"95 % intervals. {heads} head{'' if heads == 1 else 's'}. Widths stand in order and evenly, so that neighbours can be told apart; hollow "
            f"are those that do not divide by {ROUND}. Each backend has a scale of its own, from zero. {captions.bounds_text(points)}, over the same FLOPs. Each point has {captions.rounds_text(points)}. {data.origin(points)}")
    legend_columns = style.legend_columns(labels, columns)
    fig, axes = style.panels(math.ceil(len(backends) / columns), columns, height=2.7,
                             legend_lines=math.ceil(len(lengths) / legend_columns),
                             caption_lines=style.caption_lines(text, columns), sharex=True)
    handles = {}
    for i, (ax, backend) in enumerate(zip(axes.flat, backends)):
        panel = points[points["backend"] == backend]
        scale = 1e12 / panel["product_flops"]
        ax.set_ylim(0, (panel[["median_s", "high_s"]].max(axis=1) * scale).max() * 1.08)
        for length, line in panel.groupby("length"):
            line = line.sort_values("head_dim")
            x, unit = line["head_dim"].map(widths.index), scale[line.index]
            look = looks.ordered(lengths.index(length), len(lengths))
            errors = style.error_bars(line["median_s"] * unit, line["low_s"] * unit, line["high_s"] * unit)
            handles[length] = ax.errorbar(x, line["median_s"] * unit, yerr=errors, capsize=2, elinewidth=0.9, **look)
            hollow = line["head_dim"] % ROUND != 0
            ax.plot(x[hollow], (line["median_s"] * unit)[hollow], linestyle="none", marker=look["marker"],
                    color=look["color"], markerfacecolor="white", zorder=3)
            style.bound_marks(ax, x, line["bound_s"] * unit, look["color"])
        ax.set_title(backend, loc="left")
        ax.set_xticks(range(len(widths)), [f"{width:.0f}" for width in widths], rotation=90 if len(widths) > 8 else 0)
        style.x_label(ax, SHOWS["lines_over"])
        ax.tick_params(labelbottom=True)
        if i % columns == 0:
            ax.set_ylabel("time per FLOP [ps]")
    style.hide_unused(axes, len(backends))
    style.title(fig, f"Time per FLOP over the width of a head: {name}")
    style.legend(fig, [handles[n] for n in lengths], labels, legend_columns, symbols=True)
    style.caption(fig, text)
    return fig


if __name__ == "__main__":
    raise SystemExit(frame.main("odd_widths", draw, SHOWS))
