"""What figures of trained models share: their points, the names of their panels, and what an error is."""
import math

import frame
import style

IN_BITS = {"next_byte"}  # tasks whose error is a cross-entropy, in bits a byte


def points_of(data, figure, differ=("num_heads",)):
    """One row a training, with the fields of its point; only of groups whose points differ in one of these fields."""
    table = data.trainings()
    if table.empty:
        raise frame.NotApplicable(f"{figure} needs points with a task, which were trained")
    points = data.points[data.points["outcome"] == "measured"]
    # A point may belong to several groups; which of them a training was for, the training says.
    joined = table.merge(points.drop(columns="group"), on="point", how="inner")
    joined = joined[joined["test_error"] > 0]
    several = joined.groupby("group")[list(differ)].transform("nunique") >= 2
    joined = joined[several.any(axis=1)]
    if joined.empty:
        raise frame.NotApplicable(f"{figure} needs trained points that differ in {' or '.join(differ)}")
    return joined.assign(panel=joined["group"].map(panel_names(joined, data.options)))


def panel_names(rows, options):
    """Comparison group -> "k_lookup, items 4": the task, and what tells its groups apart."""
    names = {}
    for task, of_task in rows.groupby("task"):
        groups = of_task.groupby("group")
        told = [column for column in [*options, "batch", "q_len", "kv_len", "embed_dim", "dtype", "num_threads"]
                if column in rows and of_task[column].nunique() > 1 and (groups[column].nunique() == 1).all()]
        for group, part in groups:
            values = (f"{column} {value:.0f}" if isinstance(value, float) else f"{column} {value}"
                      for column, value in ((column, part[column].iloc[0]) for column in told))
            names[group] = ", ".join([task, *values])
    taken = list(names.values())
    return {group: name if taken.count(name) == 1 else f"{name}, {width_of(rows[rows['group'] == group])}"
            for group, name in names.items()}


def width_of(part):
    """What stays while the number of heads grows: the width of a head, or that of all heads together."""
    if part["head_dim"].nunique() == 1:
        return f"head_dim {part['head_dim'].iloc[0]:.0f}"
    together = part["num_heads"] * part["head_dim"]
    return f"H d {together.iloc[0]:.0f}" if together.nunique() == 1 else "own head_dim"


def undominated(table, cost):
    """The marks that no other betters in both the median error and that cost, the cheapest first."""
    ordered = table.sort_values([cost, "median"], kind="stable")
    least = ordered["median"].cummin().shift(fill_value=math.inf)
    return list(ordered.index[ordered["median"] < least])


def quality_axis(ax, panel, column, room, factor):
    """Errors and losses of a task lie within orders of magnitude, those in bits within a few per cent: a linear axis with this
    share of the span beyond each end, or a logarithmic one with this factor. Returns whether they are in bits."""
    low, high = panel[column].min(), panel[column].max()
    in_bits = panel["task"].iloc[0] in IN_BITS
    if in_bits:
        beyond = room * (high - low) or 0.01 * high
        ax.set_ylim(low - beyond, high + beyond)
    else:
        ax.set_yscale("log")
        style.log_axis(ax.yaxis, low, high)
        ax.set_ylim(low / factor, high * factor)
    return in_bits


def error_axis(ax, panel, is_first):
    in_bits = quality_axis(ax, panel, "test_error", 0.08, 1.6)
    if is_first:
        ax.set_ylabel("test error (bits a byte)" if in_bits else "test error (NMSE)")


def seeds_text(rows):
    counts = rows.groupby("point")["round"].nunique()
    low, high = int(counts.min()), int(counts.max())
    return f"{low} seeds" if low == high else f"{low} to {high} seeds"


def meaning(rows):
    """What an error is, for the caption."""
    words = []
    if not set(rows["task"]) <= IN_BITS:
        words.append("mean squared error over the variance of the targets (NMSE), 1: as good as their mean")
    if set(rows["task"]) & IN_BITS:
        words.append("cross-entropy in bits a byte, 8: as good as guessing")
    return "; ".join(words)
