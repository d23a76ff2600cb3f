"""What a trained model loses without each of its heads: one cell a head, its colour the recall that is lost."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # which isolated interpreters leave out
import frame
import looks
import studies
import style

from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm
from matplotlib.patches import Rectangle

SHOWS = {"quantities": ["rate"], "summary": "mean",
         "single": "the loss of each head, whose interval is in heads_masked.csv",
         "assumes": "that questions are independent of each other"}
FRAMES = {"yes": "-", "helpful": ":"}  # of a cell, where the loss is no chance


def draw(data):
    table = data.masked()
    if len(table) < 2:
        raise frame.NotApplicable("the map of masked heads needs two masked heads or more")
    yield "", figure(data, table)


def caption(data, table):
    reach = 50 * (table["loss_high"] - table["loss_low"]).median()
    counts = table["harmful"].value_counts()
    return (f"Recall at 1 of the whole model minus that with the output of one head set to zero, in percentage points; "
            f"{data.texts()}, paired by question. Above 0: the head was needed. Solid frame: the loss differs from 0 "
            f"at 5 % after Holm's correction over {len(table)} heads ({counts.get('yes', 0)} of them); dotted frame: a "
            f"gain that does ({counts.get('helpful', 0)}). The 95 % interval of a single head reaches {reach:.2f} "
            f"points to either side (median), before that correction. Layers and heads count from 0. {data.origin()}")


def figure(data, table):
    cells = table.pivot(index="layer", columns="head", values="loss") * 100
    marks = table.pivot(index="layer", columns="head", values="harmful")
    rows, columns = cells.shape
    width = max(5.1, 0.47 * columns + 1.3)
    text = caption(data, table)
    height = max(2.4, 0.36 * rows + 0.75)  # the name of the scale stands upright beside it
    fig, axes = style.panels(1, 1, width=width, height=height,
                             caption_lines=style.caption_lines(text, 1, width))
    ax = axes[0][0]
    largest = max(cells.abs().max().max(), 1e-9)
    mesh = ax.pcolormesh(cells.to_numpy(), cmap=LinearSegmentedColormap.from_list("loss", looks.DIVERGING),
                         norm=TwoSlopeNorm(0, -largest, largest), edgecolors="white", linewidth=1.2)
    for i, layer in enumerate(cells.index):
        for j, head in enumerate(cells.columns):
            loss, mark = cells.loc[layer, head], marks.loc[layer, head]
            if loss != loss:
                continue
            style.cell_text(ax, j + 0.5, i + 0.5, signed(loss), mesh.to_rgba(loss), bold=mark in FRAMES)
            if mark in FRAMES:
                ax.add_patch(Rectangle((j + 0.04, i + 0.05), 0.92, 0.9, fill=False, edgecolor="black", linewidth=1.3,
                                       linestyle=FRAMES[mark]))
    ax.invert_yaxis()
    ax.grid(False)
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set_xticks([j + 0.5 for j in range(columns)], [f"{head:.0f}" for head in cells.columns])
    ax.set_yticks([i + 0.5 for i in range(rows)], [f"{layer:.0f}" for layer in cells.index])
    ax.set_xlabel("head")
    ax.set_ylabel("layer")
    bar = fig.colorbar(mesh, ax=ax, pad=0.015, aspect=18, label="recall lost [percentage points]")
    bar.outline.set_visible(False)
    style.title(fig, f"What is lost without one head: {data.model()}")
    style.caption(fig, text)
    return fig


def signed(points):
    """ "1.2", "-0.4", "0.0": with a true minus, and none before nothing."""
    text = f"{points:.1f}"
    return "0.0" if text == "-0.0" else text.replace("-", "\u2212")


if __name__ == "__main__":
    raise SystemExit(frame.main("heads_masked", draw, SHOWS, studies.Heads))
