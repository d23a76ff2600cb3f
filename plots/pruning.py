"""What models that we trained still do with fewer heads, beside models that were trained that small, and the time."""
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # which isolated interpreters leave out
import frame
import looks
import studies
import style
from labels import Labels

SHOWS = {"quantities": ["rate", "time"], "summary": "mean", "bars": "95 % intervals", "lines_over": "heads_left",
         "single": "errors of fewer than six seeds, which have no interval",
         "assumes": "that seeds are independent, and that errors lie symmetrically about their centre"}
MODELS = {"importance": "pruned, least important first", "random": "pruned in random order",
          "small": "trained at the size"}
UNITS = {"NMSE": "test error (NMSE)", "bits": "test error (bits a token)"}
STEEP = 8  # errors that differ more than so many times are drawn over a logarithmic axis


def draw(data):
    table = data.curve()
    if table["heads_left"].nunique() < 2:
        raise frame.NotApplicable("errors over heads left need two numbers of heads or more")
    yield "", figure(data, table)


def figure(data, table):
    models = [model for model in MODELS if (table["model"] == model).any()]
    timed = table[table["pass_s"].notna()]
    columns = 2 if len(timed) else 1
    width = 3.3
    text = (f"Error on {data.run['examples']} test examples of models of {data.seeds()}, whose heads were cut out in the "
            f"order of the gradient's importance or a random one, and of models that were trained with as many heads in "
            f"each layer as the first order leaves. " +
            (f"Right: the same errors over the time of a forward pass over {data.run['batch']} examples, with the number "
             f"of heads beside those that were trained at the size, where there is room. " if len(timed) else "") +
            f"Markers are Hodges-Lehmann centres, bars 95 % intervals where six seeds or more are there. {data.origin()}")
    labels = [MODELS[model] for model in models]
    legend_columns = style.legend_columns(labels, columns, width)
    fig, axes = style.panels(1, columns, width=width, height=2.9, sharey=True,
                             legend_lines=math.ceil(len(labels) / legend_columns),
                             caption_lines=style.caption_lines(text, columns, width))
    handles = [over(axes[0][0], table[table["model"] == model], "heads_left", i, joined=True)
               for i, model in enumerate(models)]
    style.x_label(axes[0][0], "heads_left")
    axes[0][0].set_ylabel(UNITS.get(data.run["unit"], "test error"))
    error_axis(axes[0][0], table)
    if len(timed):
        for i, model in enumerate(models):
            part = timed[timed["model"] == model].assign(ms=lambda rows: rows["pass_s"] * 1e3)
            over(axes[0][1], part, "ms", i, joined=False)
            if model == "small":
                name_points(axes[0][1], part, i)
        axes[0][1].set_xlabel("time of a forward pass [ms]")
        axes[0][1].tick_params(labelleft=True)
    style.title(fig, f"Heads pruned, and never trained: {data.name()}")
    style.legend(fig, handles, labels, legend_columns)
    style.caption(fig, text)
    return fig


def over(ax, rows, x, index, joined):
    low, high = (rows[end].fillna(rows["error"]) for end in ("error_low", "error_high"))
    line = looks.of_place(index) | ({} if joined else {"linestyle": "none"})
    return ax.errorbar(rows[x], rows["error"], yerr=style.error_bars(rows["error"], low, high), capsize=2, elinewidth=0.9,
                       **line)


def name_points(ax, rows, index):
    labels = Labels(ax, 7)
    labels.avoid(rows["ms"], rows["error"])
    for heads, x, y in zip(rows["heads_left"], rows["ms"], rows["error"]):
        labels.beside(f"{heads:.0f}", x, y, (1, -1), color=looks.of_place(index)["color"])


def error_axis(ax, table):
    low = table[["error", "error_low"]].min().min()
    high = table[["error", "error_high"]].max().max()
    if low > 0 and high > STEEP * low:
        ax.set_yscale("log")
        style.log_axis(ax.yaxis, low, high)
        ax.set_ylim(low / 1.6, high * 1.6)
        return
    room = 0.08 * (high - low) or 0.01 * high
    ax.set_ylim(low - room, high + room)


if __name__ == "__main__":
    raise SystemExit(frame.main("pruning", draw, SHOWS, studies.Pruning))
