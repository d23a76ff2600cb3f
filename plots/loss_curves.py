"""How models learn: the loss of training batches over the steps, a line a number of heads."""
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # which isolated interpreters leave out
import frame
import looks
import style
import trained

SHOWS = {"quantities": ["rate"], "summary": "median", "needs": "trainings"}


def curves(data):
    """One row a stretch of a training, with the fields of its point and the name of its panel."""
    rows = trained.points_of(data, "loss curves")
    joined = data.curves().merge(rows.drop(columns=["step", "loss"], errors="ignore"), on=["point", "group", "round"],
                                how="inner")
    joined = joined[joined["loss"] > 0]
    if joined.empty:
        raise frame.NotApplicable("loss curves needs trainings whose curve was kept")
    return joined


def draw(data):
    rows = curves(data)
    for suffix, name, part in frame.figures(rows, ["backend", "variant"]):
        panels = sorted(part["panel"].unique())
        for end, tail, page in style.pages(panels, style.panel_columns(len(panels)), 2.4):
            yield suffix + end, figure(data, name + tail, part[part["panel"].isin(page)])


def loss_axis(ax, panel, is_first):
    """A cross-entropy is told in nats, as it is trained."""
    in_bits = trained.quality_axis(ax, panel, "loss", 0.05, 1.3)
    if is_first:
        ax.set_ylabel("loss of a batch (nats a byte)" if in_bits else "loss of a batch")


def figure(data, name, rows):
    panels = sorted(rows["panel"].unique())
    heads = sorted(rows["num_heads"].unique())
    look_of = {value: looks.ordered(i, len(heads)) for i, value in enumerate(heads)}
    text = (f"Each line is the median over {trained.seeds_text(rows)} of the mean loss in 1/64 of the steps; the shade reaches "
            f"from the smallest to the largest. These are losses on examples that are learned from, not test errors. "
            f"{data.origin(rows)}")
    columns = style.panel_columns(len(panels))
    rows_of_panels = math.ceil(len(panels) / columns)
    labels = [f"{value:.0f} head{'' if value == 1 else 's'}" for value in heads]
    legend_columns = style.legend_columns(labels, columns)
    fig, axes = style.panels(rows_of_panels, columns, legend_lines=math.ceil(len(labels) / legend_columns), caption_lines=style.caption_lines(text, columns))
    for i, title in enumerate(panels):
        panel = rows[rows["panel"] == title]
        ax = axes[i // columns][i % columns]
        for value in sorted(panel["num_heads"].unique()):
            by_step = panel[panel["num_heads"] == value].groupby("step")["loss"]
            table = by_step.agg(["median", "min", "max"]).sort_index()
            look = {**look_of[value], "marker": ""}
            ax.fill_between(table.index, table["min"], table["max"], color=look["color"], alpha=0.12, linewidth=0)
            ax.plot(table.index, table["median"], **look)
        ax.set_title(title.replace(", ", "\n", 1), loc="left")
        ax.set_xlabel("steps")
        loss_axis(ax, panel, is_first=i % columns == 0)
    for i in range(len(panels), rows_of_panels * columns):
        axes[i // columns][i % columns].set_visible(False)
    style.title(fig, f"How models with more heads learn: {name}")
    handles = [axes[0][0].plot([], [], **{**look_of[value], "marker": ""})[0] for value in heads]
    style.legend(fig, handles, labels, legend_columns)
    style.caption(fig, text)
    return fig


if __name__ == "__main__":
    raise SystemExit(frame.main("loss_curves", draw, SHOWS))
