"""How alike the heads of each layer are, in the trained model and in one whose weights are still random."""
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # which isolated interpreters leave out
import frame
import looks
import studies
import style

SHOWS = {"quantities": ["count"], "summary": "mean", "bars": "95 % intervals",
         "single": "the mean over pairs of heads, beside all pairs"}
# What each measure is called, and what its ends mean.
MEASURES = {"js_divergence": ("Jensen-Shannon divergence [bit]", "of attention; 0: the same, 1: apart"),
            "cka": ("linear CKA", "of outputs; 1: alike, 0: unlike"),
            "subspace": ("overlap of subspaces", "that heads write to; 1: the same, 0: apart")}
ASIDE = 0.17  # of a layer: trained left of it, random right


def draw(data):
    effective, alike = data.effective(), data.alike()
    alike = alike[alike["head_a"] != alike["head_b"]]
    if effective.empty or alike.empty:
        raise frame.NotApplicable("how alike heads are needs layers of two heads or more")
    yield "", figure(data, effective, alike)


def figure(data, effective, alike):
    models = sorted(set(effective["model"]) | set(alike["model"]), key=lambda name: (name != "trained", name))
    measures = [name for name in MEASURES if (alike["measure"] == name).any()]
    half = data.run["num_heads"] / 2
    text = (f"First panel: the effective number of heads of each layer, the exponential of the entropy of the spectrum "
            f"of how alike their outputs are (all unlike: H = {data.run['num_heads']}, all alike: 1); bars are 95 % "
            f"intervals, dashes half of the heads. Others: each small dot is a pair of heads of one layer, the marker "
            f"the mean of the pairs. Random: the same model with weights as before training. "
            f"Means over {data.texts()}. Layers count from 0. {data.origin()}")
    count = 1 + len(measures)
    columns = style.panel_columns(count)
    rows = math.ceil(count / columns)
    fig, axes = style.panels(rows, columns, legend_lines=1, caption_lines=style.caption_lines(text, columns))
    layers = sorted(set(effective["layer"]) | set(alike["layer"]))
    first, *others = axes.flat
    first.axhline(half, color="#555555", linewidth=1, linestyle="--")
    first.annotate("H/2", (1, half), xycoords=first.get_yaxis_transform(), xytext=(3, 0), textcoords="offset points",
                   va="center", fontsize=7.5, color="#555555")
    handles = []
    for i, model in enumerate(models):
        part = effective[effective["model"] == model]
        errors = style.error_bars(part["effective_heads"], part["low"], part["high"])
        handles.append(first.errorbar(places(part["layer"], layers, i), part["effective_heads"], yerr=errors, capsize=2,
                                      elinewidth=0.9, **marker(i)))
    first.set_ylim(0, data.run["num_heads"] * 1.04)
    first.set_title("effective heads\nof outputs", loc="left")
    for ax, measure in zip(others, measures):
        for i, model in enumerate(models):
            part = alike[(alike["measure"] == measure) & (alike["model"] == model)]
            pairs_and_mean(ax, part, layers, i)
        ax.set_title("\n".join(MEASURES[measure]), loc="left")
        ax.set_ylim(0, max(1e-9, alike.loc[alike["measure"] == measure, "value"].max()) * 1.06)
    for ax in list(axes.flat)[:count]:
        ax.set_xticks(range(len(layers)), [f"{layer:.0f}" for layer in layers])
        ax.grid(False, axis="x")
        ax.set_xlabel("layer")
    style.hide_unused(axes, count)
    style.title(fig, f"How alike heads are: {data.model()}")
    style.legend(fig, handles, models, style.legend_columns(models, columns))
    style.caption(fig, text)
    return fig


def places(of_rows, layers, index):
    """Where rows stand: layers are in order, but none is between two of them, so they are places and no numbers."""
    return [layers.index(layer) + ASIDE * (2 * index - 1) for layer in of_rows]


def marker(index):
    return looks.of_place(index) | {"linestyle": "none"}


def pairs_and_mean(ax, rows, layers, index):
    look = marker(index)
    strewn = [place + 0.024 * (i % 7 - 3) for i, place in enumerate(places(rows["layer"], layers, index))]
    ax.plot(strewn, rows["value"], linestyle="none", marker=".", markersize=3, alpha=0.4, markeredgewidth=0,
            color=look["color"])
    means = rows.groupby("layer")["value"].mean()
    ax.plot(places(means.index, layers, index), means, **look, markersize=6, markeredgecolor="white")


if __name__ == "__main__":
    raise SystemExit(frame.main("heads_alike", draw, SHOWS, studies.Heads))
