"""Which variant is the fastest at which number of heads and which length, and where that is not decided."""
import math
import os
import string
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # which isolated interpreters leave out
import frame
import captions
import looks
import members
import paired
import style

import pandas
from matplotlib.colors import to_rgba
from matplotlib.patches import Patch, Rectangle

UNDECIDED = "/////"
LETTERS = string.ascii_lowercase

SHOWS = {"quantities": ["ratio"], "summary": "median", "bars": "95 % intervals",
         "base": "the shortest and the longest median of the second, in the caption",
         "spread": "named in the caption, from the 5th to the 95th percentile"}


class Cell:
    """What is known of one number of heads and one length."""

    def __init__(self, rows, rounds):
        # Those that stood in the same rounds as most: what was timed apart is not compared.
        partners = {point: [other for other in rows["point"] if rounds.shared([point, other])]
                    for point in rows["point"]}
        first = max(rows["point"], key=lambda point: len(partners[point]))
        rows = rows[rows["point"].isin(partners[first])]
        self.names = list(rows["name"])
        self.compared = len(self.names) >= 2
        if not self.compared:
            return
        order = sorted(rows["point"], key=lambda point: (rounds.ratio(point, first)[0], point))
        against = [rounds.ratio(order[0], other) for other in order[1:]]
        by_point = rows.set_index("point")
        self.name = by_point["name"][order[0]]
        self.second_s = by_point["median_s"][order[1]]
        # Two that share rounds with the first may share none with each other.
        self.ratio, self.low, self.high = against[0] or (math.nan, math.nan, math.nan)
        # An end that is nan is not below 1: too few rounds decide nothing.
        self.decided = all(known is not None and known[2] < 1 for known in against)


def draw(data):
    data.need(["n_rounds", "median_s"])
    points = data.points[(data.points["outcome"] == "measured") & (data.points["median_s"] > 0)].copy()
    points["name"] = members.member_names(points)
    fields = [field for field in data.figure_fields() if field not in ("backend", "kv", "others")]
    # What can make no map is left out before samples are read.
    several = points.groupby(fields + ["backend"])[["name", "num_heads", "length"]].transform("nunique")
    points = points[(several >= 2).all(axis=1)]
    rounds = paired.Rounds(data.samples()) if len(points) else None
    drawn = False
    for suffix, name, part in frame.figures(points, fields):
        panels = {backend: compared_cells(panel, rounds) for backend, panel in part.groupby("backend")}
        panels = {backend: cells for backend, cells in panels.items()
                  if all(len(axis) >= 2 for axis in axes_of({backend: cells}))}
        if panels:
            drawn = True
            yield suffix, figure(data, name, panels, part[part["backend"].isin(panels)])
    if not drawn:
        raise frame.NotApplicable("the fastest is told of two variants that share rounds, at two numbers of heads and "
                                  "two lengths or more; name variant, num_heads and seq_len in compare_by")


def compared_cells(panel, rounds):
    """By number of heads and length, where two variants or more share rounds."""
    cells = {place: Cell(rows, rounds) for place, rows in panel.groupby(["num_heads", "length"])}
    return {place: cell for place, cell in cells.items() if cell.compared}


def crossovers(ax, cells, heads, lengths):
    """Lines between neighbours of which different variants are the fastest, dashed where one of them is undecided or
    lacks a variant that the other has."""
    def between(here, there, x, y):
        a, b = cells.get(here), cells.get(there)
        if a and b and a.name != b.name:
            sure = a.decided and b.decided and set(a.names) == set(b.names)
            ax.plot(x, y, color="white", linewidth=4.5, solid_capstyle="butt", zorder=4)
            ax.plot(x, y, color="black", linewidth=2.2, solid_capstyle="butt", zorder=5,
                    linestyle="-" if sure else (0, (2, 1.5)))

    for i, h in enumerate(heads):
        for j, n in enumerate(lengths):
            if j + 1 < len(lengths):
                between((h, n), (h, lengths[j + 1]), [j + 0.5, j + 0.5], [i - 0.5, i + 0.5])
            if i + 1 < len(heads):
                between((h, n), (heads[i + 1], n), [j - 0.5, j + 0.5], [i + 0.5, i + 0.5])


def caption_of(data, panels, points):
    compared = cells_of(panels)
    seconds = [cell.second_s for cell in compared]
    never = sorted({name for cell in compared for name in cell.names} - {cell.name for cell in compared})
    bounded = all(paired.rank_of_end(int(n)) >= 1 for n in set(points["n_rounds"]))
    places = math.prod(len(axis) for axis in axes_of(panels)) * len(panels)
    return ("Colour and letter: the fastest of the variants that stood in the same rounds. Number: its time over that "
            f"of the second, paired by round, and below it the 95 % interval. The second takes {captions.quantity(min(seconds), 's')} to "
            f"{captions.quantity(max(seconds), 's')} (medians). " +
            ("" if all(cell.decided for cell in compared) else
             "Hatched: undecided, the 95 % interval of the ratio to the second, or to another, does not exclude 1" +
             (". " if bounded else ", or too few rounds give none. ")) +
            "Black lines: crossovers, dashed where a cell is undecided or lacks a variant. " +
            (f"Never the fastest: {', '.join(never)}. " if never else "") +
            ("Star: fewer variants stood there. " if any_star(panels) else "") +
            ("White: no two variants share rounds. " if len(compared) < places else "") +
            f"Each point has {captions.rounds_text(points)}. {data.origin(points)}")


def cells_of(panels):
    return [cell for cells in panels.values() for cell in cells.values()]


def axes_of(panels):
    """Numbers of heads and lengths of which a panel has a cell."""
    return [sorted({place[i] for cells in panels.values() for place in cells}) for i in range(2)]


def most_of(cells):
    """How many variants stand in the fullest cell of a panel."""
    return max(len(cell.names) for cell in cells.values())


def any_star(panels):
    return any(len(cell.names) < most_of(cells) for cells in panels.values() for cell in cells.values())


def legend_of(panels):
    """Handles and labels of those that are the fastest anywhere, and of the hatch."""
    winners = sorted({cell.name for cell in cells_of(panels)})
    frame_of = {"edgecolor": "black", "linewidth": 0.5}
    handles = [Patch(facecolor=colour_of(winner), **frame_of) for winner in winners]
    labels = [f"{LETTERS[i % len(LETTERS)]}  {winner}" for i, winner in enumerate(winners)]
    if not all(cell.decided for cell in cells_of(panels)):
        handles.append(Patch(facecolor="white", hatch=UNDECIDED, **frame_of))
        labels.append("undecided")
    return winners, handles, labels


def figure(data, name, panels, points):
    heads, lengths = axes_of(panels)
    winners, handles, labels = legend_of(panels)
    # Few panels stand below each other, in text that half the width still leaves legible.
    columns = 1 if len(panels) <= 2 else style.panel_columns(len(panels))
    size = 11 if columns == 1 else 8
    width = max(2.9, (0.7 if columns == 1 else 0.42) * len(lengths) + 0.7)
    text = caption_of(data, panels, points)
    legend_columns = style.legend_columns(labels, columns, width, size)
    rows = math.ceil(len(panels) / columns)
    fig, axes = style.panels(rows, columns, width=width, height=size / 24 * len(heads) + 0.75,
                             legend_lines=math.ceil(len(labels) / legend_columns) * size / 8,
                             caption_lines=style.caption_lines(text, columns, width), sharex=True, sharey=True)
    for i, (ax, (backend, cells)) in enumerate(zip(axes.flat, panels.items())):
        for (h, n), cell in cells.items():
            fill(ax, lengths.index(n), heads.index(h), cell, winners, len(cell.names) < most_of(cells), size)
        crossovers(ax, cells, heads, lengths)
        ax.set_xlim(-0.5, len(lengths) - 0.5)
        ax.set_ylim(-0.5, len(heads) - 0.5)
        ax.set_xticks(range(len(lengths)), [f"{n:.0f}" for n in lengths], fontsize=size)
        ax.set_yticks(range(len(heads)), [f"{h:.0f}" for h in heads], fontsize=size)
        ax.tick_params(length=0, labelbottom=True)
        ax.grid(False)
        ax.set_title(backend, loc="left", fontsize=size + 1)
        if i + columns >= len(panels):
            style.x_label(ax, "kv_len", fontsize=size)
        if i % columns == 0:
            ax.set_ylabel(style.AXIS_LABELS["num_heads"], fontsize=size, parse_math=True)
    style.hide_unused(axes, len(panels))
    style.title(fig, f"The fastest variant: {name}")
    style.legend(fig, handles, labels, legend_columns, size)
    style.caption(fig, text)
    return fig


def colour_of(name):
    """That of the variant; members of one variant differ in their letter."""
    return looks.variant(name.split(",")[0])["color"]


def fill(ax, x, y, cell, winners, star, size):
    """One cell: its colour, a hatch where it is undecided, and its letter and number in the middle."""
    index = winners.index(cell.name)
    colour = to_rgba(colour_of(cell.name))
    corner = (x - 0.5, y - 0.5)
    ax.add_patch(Rectangle(corner, 1, 1, facecolor=colour, edgecolor="white", linewidth=0.8))
    if not cell.decided:
        ax.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=style.ink_on(colour), linewidth=0,
                               hatch=UNDECIDED))
    number = "" if pandas.isna(cell.ratio) else f"{cell.ratio:.2f}" if cell.ratio > 0.095 else f"{cell.ratio:.3f}"
    style.cell_text(ax, x, y, f"{LETTERS[index % len(LETTERS)]}{'*' if star else ''}\n{number}", colour,
                    size=size - 0.5, backed=not cell.decided, interval=(cell.low, cell.high))


if __name__ == "__main__":
    raise SystemExit(frame.main("fastest", draw, SHOWS))
