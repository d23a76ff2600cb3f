"""What figures of trained models share: their points, the names of their panels, and what an error is."""
import frame

IN_BITS = {"next_byte"}  # tasks whose error is a cross-entropy, in bits a byte


def points_of(data, figure):
    """One row a training, with the fields of its point; only of groups that differ in num_heads."""
    table = data.trainings()
    if table.empty:
        raise frame.NotApplicable(f"{figure} needs points with a task, which were trained")
    points = data.points[data.points["outcome"] == "measured"]
    # A point may belong to several groups; which of them a training was for, the training says.
    joined = table.merge(points.drop(columns="group"), on="point", how="inner")
    joined = joined[joined["test_error"] > 0]
    joined = joined[joined.groupby("group")["num_heads"].transform("nunique") >= 2]
    if joined.empty:
        raise frame.NotApplicable(f"{figure} needs trained points that differ in num_heads")
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
