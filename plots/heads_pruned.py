"""What a trained model still does with fewer heads, and how long a text then takes."""
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
         "assumes": "that questions are independent of each other"}


def draw(data):
    table = data.pruned()
    if table["heads_left"].nunique() < 2:
        raise frame.NotApplicable("recall over heads left needs two numbers of heads or more")
    yield "", figure(data, table)


def figure(data, table):
    orders = list(dict.fromkeys(table["order"]))  # sorted by the reader, importance before random
    timed = table[table["seconds_per_text"].notna()]
    text = (f"Recall at 1 with heads removed from the whole model, those of least importance first or in random order; "
            f"of {data.texts()}, those questions that did not choose the order. " +
            ("Right: the same recall over the measured time of a text, with the number of heads left beside it where there is room. "
             if len(timed) else "") + f"Bars are 95 % intervals. {data.origin()}")
    columns = 2 if len(timed) else 1
    width = 3.3
    labels = [label_of(order) for order in orders]
    legend_columns = style.legend_columns(labels, columns, width)
    fig, axes = style.panels(1, columns, width=width, height=2.9, sharey=True,
                             legend_lines=math.ceil(len(labels) / legend_columns),
                             caption_lines=style.caption_lines(text, columns, width))
    handles = [over_heads(axes[0][0], table[table["order"] == order], i) for i, order in enumerate(orders)]
    style.x_label(axes[0][0], "heads_left")
    axes[0][0].set_ylabel("recall at 1 [%]")
    low, high = 100 * table[["recall", "recall_low"]].min().min(), 100 * table[["recall", "recall_high"]].max().max()
    room = 0.08 * max(high - low, 1)
    axes[0][0].set_ylim(low - room, high + room)
    if len(timed):
        for order, part in timed.groupby("order"):
            over_time(axes[0][1], part, orders.index(order))
        axes[0][1].set_xlabel("time of a text [ms]")
        axes[0][1].tick_params(labelleft=True)
    style.title(fig, f"Recall with fewer heads: {data.model()}")
    style.legend(fig, handles, labels, legend_columns)
    style.caption(fig, text)
    return fig


def label_of(order):
    """ "random 1" is told as "random order 1"."""
    if order == "importance":
        return "least important first"
    return order.replace("random", "random order", 1)


def over_heads(ax, rows, index):
    recall, low, high = (rows[name] * 100 for name in ("recall", "recall_low", "recall_high"))
    return ax.errorbar(rows["heads_left"], recall, yerr=style.error_bars(recall, low, high), capsize=2, elinewidth=0.9,
                       **looks.of_place(index))


def over_time(ax, rows, index):
    recall, low, high = (rows[name] * 100 for name in ("recall", "recall_low", "recall_high"))
    ms, ms_low, ms_high = (rows[name] * 1e3 for name in ("seconds_per_text", "seconds_low", "seconds_high"))
    ax.errorbar(ms, recall, yerr=style.error_bars(recall, low, high), xerr=style.error_bars(ms, ms_low, ms_high),
                capsize=2, elinewidth=0.9, **(looks.of_place(index) | {"linestyle": "none"}))
    labels = Labels(ax, 7)
    labels.avoid(ms, recall)
    for heads, x, y in list(zip(rows["heads_left"], ms, recall))[::-1]:
        labels.beside(f"{heads:.0f}", x, y, (1, -1), color=looks.of_place(index)["color"])


if __name__ == "__main__":
    raise SystemExit(frame.main("heads_pruned", draw, SHOWS, studies.Heads))
