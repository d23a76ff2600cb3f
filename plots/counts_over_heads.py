"""What is counted and what is held in memory, over the number of heads: FLOPs, exponentials, workspace."""
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # which isolated interpreters leave out
import frame
import style

ROWS = 4  # of panels in one file

SHOWS = {"quantities": ["count"], "summary": "none", "lines_over": "num_heads",
         "left_out": "points that were only counted, unless a measured one of their size stands beside them",
         "left_out_because": "counted twins of measured points say nothing new, and grids of counts are for proofs"}


def draw(data):
    data.need(["required_flops", "executed_flops", "required_exps", "executed_exps", "workspace_bytes", "peak_bytes"])
    points = data.points[data.points["outcome"].isin(["measured", "counted"]) & data.points["required_flops"].notna()]
    fields = [f for f in data.figure_fields() if f != "backend"]  # counts differ between backends only where shown
    points = beside_measured(points, fields)
    sizes = points.groupby(fields + ["backend", "variant", "length"])["num_heads"].transform("nunique")
    points = points[sizes >= 2]
    if points.empty:
        raise frame.NotApplicable("counts over heads need points that differ in num_heads")
    for suffix, name, part in frame.figures(points, fields):
        lengths = sorted(part["length"].unique())
        pages = [lengths[i:i + ROWS] for i in range(0, len(lengths), ROWS)]
        for number, page in enumerate(pages, start=1):
            end = f"_{number}" if len(pages) > 1 else ""
            yield suffix + end, figure(data, name, part[part["length"].isin(page)], page)


def beside_measured(points, fields):
    """Where there are measured points: these, and variants that were only counted, at the same sizes.

    Grids of counts alone are for proofs, not for looking at, and a counted twin of a measured point says nothing new.
    """
    points = points.assign(is_measured=points["outcome"] == "measured")
    if not points["is_measured"].any():
        return points
    same_size = points.groupby(fields + ["length", "num_heads"])["is_measured"].transform("any")
    has_twin = points.groupby(fields + ["length", "variant"])["is_measured"].transform("any")
    return points[points["is_measured"] | (same_size & ~has_twin)]


def merged(points, columns):
    """Series that are equal in all the columns at every number of heads become one, named after all: none hides."""
    groups = {}
    for (variant, backend), series in points.groupby(["variant", "backend"]):
        series = series.sort_values("num_heads")
        key = tuple(tuple(series[c].fillna(-1)) for c in ["num_heads"] + columns)
        groups.setdefault(key, []).append((variant, backend, series))
    for members in groups.values():
        yield names_of(members, points), members


def names_of(members, points):
    """The variants of a line; with backends where not all of a variant's backends are in it."""
    names = []
    for variant in dict.fromkeys(v for v, _, _ in members):
        mine = {b for v, b, _ in members if v == variant}
        all_of_it = mine == set(points[points["variant"] == variant]["backend"])
        names.append(variant if all_of_it else f"{variant} ({' '.join(sorted(mine))})")
    return ", ".join(names)


def wrap(label, width=38):
    lines = [""]
    for word in label.split(", "):
        if lines[-1] and len(lines[-1]) + len(word) + 2 > width:
            lines[-1] += ","
            lines.append(word)
        else:
            lines[-1] += (", " if lines[-1] else "") + word
    return "\n".join(lines)


def look_of(members, variants, taken):
    """One colour a variant in all panels of a figure: a line takes the first of its variants' that is free."""
    wanted = [variants.index(v) for v, _, _ in members] + list(range(len(variants), len(variants) + len(taken) + 1))
    index = next(i for i in wanted if i not in taken)
    taken.add(index)
    return style.line_style(index)


def counts_panel(ax, points, kind, unit, variants):
    scale = {"flops": 1e9, "exps": 1e6}[kind]
    required, executed = f"required_{kind}", f"executed_{kind}"
    for column, hollow in ((required, {}), (executed, {"markerfacecolor": "white"})):
        taken = set()
        for label, members in merged(points, [column]):
            if column == executed:  # only those whose executed work differs from what is required
                members = [m for m in members if (m[2][executed] != m[2][required]).any()]
                if not members:
                    continue
                label = names_of(members, points) + ", executed"
            series = members[0][2]
            ax.plot(series["num_heads"], series[column] / scale, **look_of(members, variants, taken), **hollow, label=wrap(label))
    ax.set_ylabel(f"{kind_name(kind)} [{unit}]")


def kind_name(kind):
    return {"flops": "multiplies and adds", "exps": "exponentials"}[kind]


def memory_panel(ax, points, variants):
    mib = 2**20
    taken = set()
    groups = list(merged(points, ["workspace_bytes", "peak_bytes"]))
    for label, members in groups:
        series, look = members[0][2], look_of(members, variants, taken)
        ax.plot(series["num_heads"], series["workspace_bytes"] / mib, **look, label=wrap(label))
        known = series["peak_bytes"] > 0
        ax.plot(series["num_heads"][known], series["peak_bytes"][known] / mib, "o", color=look["color"], markersize=9,
                fillstyle="none", markeredgewidth=0.8)
    ax.set_ylabel("workspace [MiB]")


def figure(data, name, points, lengths):
    text = ("Counts are exact: required work, and executed work where it differs (hollow). Memory: lines are predicted "
            "by a dry run, circles the high-water mark of a run, which is as exact. What the system saw of a fresh "
            "process, once a point, is in points.csv (process_peak_bytes). Variants with equal "
            "values share a line. Points left out: " + SHOWS["left_out_because"] + ". " + data.origin())
    fig, axes = style.panels(len(lengths), 3, width=3.3, height=2.9, caption_lines=style.caption_lines(text, 3, 3.3))
    variants = sorted(points["variant"].unique())
    for row, length in zip(axes, lengths):
        part = points[points["length"] == length]
        counts_panel(row[0], part, "flops", "GFLOP", variants)
        counts_panel(row[1], part, "exps", "millions", variants)
        memory_panel(row[2], part, variants)
        for ax in row:
            ax.set_xlabel(style.AXIS_LABELS[SHOWS["lines_over"]])
            ax.set_title(f"{frame.length_name(points)} {length:.0f}", loc="left")
            ax.set_xscale("log", base=2)
            style.powers_axis(ax.xaxis, part["num_heads"])
            values = [v for line in ax.get_lines() for v in line.get_ydata() if v > 0 and not math.isnan(v)]
            if not values:
                continue
            low, high = min(values), max(values)
            if ax is row[0]:  # what is nearly equal should look so: from zero in every row
                ax.set_ylim(0, high * 1.15)
            else:
                space = max((high / low) ** 0.06, 1.1)
                ax.set_yscale("log")
                ax.set_ylim(low / space, high * space)
                style.log_axis(ax.yaxis, low / space, high * space)
    lines = [0] * len(lengths)
    for column in axes.T:
        for i, ax in enumerate(column):
            # A legend that the panel below repeats is said once.
            labels = ax.get_legend_handles_labels()[1]
            if i + 1 == len(column) or labels != column[i + 1].get_legend_handles_labels()[1]:
                ax.legend(loc="upper left", bbox_to_anchor=(-0.02, -0.2), handlelength=3.2, fontsize=7)
                lines[i] = max(lines[i], sum(label.count("\n") + 1 for label in labels))
    style.grow(fig, 0.15 * sum(lines) - 0.5)
    style.title(fig, f"Counted work and memory over heads: {name}")
    style.caption(fig, text)
    return fig


if __name__ == "__main__":
    raise SystemExit(frame.main("counts_over_heads", draw, SHOWS))
