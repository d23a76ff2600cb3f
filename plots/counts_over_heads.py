"""What is counted and what is held in memory, over the number of heads: FLOPs, exponentials, workspace."""
import math

import frame
import style

FIELDS = [f for f in frame.FIGURE_FIELDS if f != "backend"]  # counts differ between backends only where shown
ROWS = 4  # of panels in one file


def draw(data):
    data.need(["required_flops", "executed_flops", "required_exps", "executed_exps", "workspace_bytes", "peak_bytes",
               "process_peak_bytes"])
    points = data.points[data.points["outcome"].isin(["measured", "counted"]) & data.points["required_flops"].notna()]
    sizes = points.groupby(FIELDS + ["backend", "variant", "length"])["num_heads"].transform("nunique")
    points = points[sizes >= 2]
    if points.empty:
        raise frame.NotApplicable("counts over heads need points that differ in num_heads")
    for suffix, name, part in frame.figures(points, FIELDS):
        lengths = sorted(part["length"].unique())
        pages = [lengths[i:i + ROWS] for i in range(0, len(lengths), ROWS)]
        for number, page in enumerate(pages, start=1):
            end = f"_{number}" if len(pages) > 1 else ""
            yield suffix + end, figure(data, name, part[part["length"].isin(page)], page)


def merged(points, columns):
    """Series that are equal in all the columns at every number of heads become one, named after all: none hides."""
    groups = {}
    for (variant, backend), series in points.groupby(["variant", "backend"]):
        series = series.sort_values("num_heads")
        key = tuple(tuple(series[c].fillna(-1)) for c in ["num_heads"] + columns)
        groups.setdefault(key, []).append((variant, backend, series))
    backends = {v: set(points[points["variant"] == v]["backend"]) for v in points["variant"].unique()}
    for members in groups.values():
        names = []
        for variant in dict.fromkeys(v for v, _, _ in members):
            mine = {b for v, b, _ in members if v == variant}
            names.append(variant if mine == backends[variant] else f"{variant} ({', '.join(sorted(mine))})")
        yield ", ".join(names), members


def wrap(label, width=38):
    lines = [""]
    for word in label.split(", "):
        if lines[-1] and len(lines[-1]) + len(word) + 2 > width:
            lines[-1] += ","
            lines.append(word)
        else:
            lines[-1] += (", " if lines[-1] else "") + word
    return "\n".join(lines)


def counts_panel(ax, points, kind, unit):
    scale = {"flops": 1e9, "exps": 1e6}[kind]
    for index, (label, members) in enumerate(merged(points, [f"required_{kind}", f"executed_{kind}"])):
        series = members[0][2]
        look = style.line_style(index)
        same = (series[f"required_{kind}"] == series[f"executed_{kind}"]).all()
        ax.plot(series["num_heads"], series[f"required_{kind}"] / scale, **look, label=wrap(label))
        if not same:
            ax.plot(series["num_heads"], series[f"executed_{kind}"] / scale, color=look["color"], linestyle=":",
                    marker=look["marker"], markerfacecolor="white", label="  the same, executed")
    ax.set_ylabel(f"{kind_name(kind)} [{unit}]")


def kind_name(kind):
    return {"flops": "multiplies and adds", "exps": "exponentials"}[kind]


def memory_panel(ax, points):
    mib = 2**20
    for index, (label, members) in enumerate(merged(points, ["workspace_bytes"])):
        series = members[0][2]
        look = style.line_style(index)
        ax.plot(series["num_heads"], series["workspace_bytes"] / mib, **look, label=wrap(label))
        for number, (_, _, each) in enumerate(members):
            # Members have one predicted line but their own measurements, moved aside so that none covers another.
            x = each["num_heads"] * 2 ** (0.06 * (number - (len(members) - 1) / 2))
            for column, marker in (("peak_bytes", "o"), ("process_peak_bytes", "x")):
                known = each[column].notna() & (each[column] > 0)
                ax.plot(x[known], each[column][known] / mib, marker, color=look["color"], markersize=8, fillstyle="none",
                        markeredgewidth=0.8, zorder=2)
    ax.set_ylabel("workspace [MiB]")


def figure(data, name, points, lengths):
    text = ("Counts are exact (required work; executed work dotted where it differs). Memory: lines are predicted by a "
            "dry run, circles the high-water mark of a run, crosses the growth of a fresh process, which sees whole "
            "pages and libraries. Variants with equal values share a line. " + data.origin())
    fig, axes = style.panels(len(lengths), 3, width=3.3, height=2.9, caption_lines=style.caption_lines(text, 3, 3.3))
    for row, length in zip(axes, lengths):
        part = points[points["length"] == length]
        counts_panel(row[0], part, "flops", "GFLOP")
        counts_panel(row[1], part, "exps", "10^6")
        memory_panel(row[2], part)
        for ax in row:
            ax.set_xscale("log", base=2)
            style.powers_axis(ax.xaxis, part["num_heads"])
            values = [v for line in ax.get_lines() for v in line.get_ydata() if v > 0 and not math.isnan(v)]
            if values:
                low, high = min(values), max(values)
                space = max((high / low) ** 0.06, 1.06)
                ax.set_yscale("log")
                ax.set_ylim(low / space, high * space)
                style.log_axis(ax.yaxis, low / space, high * space)
            ax.set_xlabel("number of heads H")
            ax.set_title(f"kv_len {length:.0f}", loc="left")
            ax.legend(loc="upper left", bbox_to_anchor=(-0.02, -0.2), handlelength=3.2, fontsize=7)
    style.title(fig, f"Counted work and memory over heads: {name}")
    style.caption(fig, text)
    return fig


if __name__ == "__main__":
    raise SystemExit(frame.main("counts_over_heads", draw))
