"""How every figure looks: colours, markers, sizes, caption, files."""
import surroundings  # before matplotlib: it keeps settings of the user away
import glob
import logging
import math
import os
import re

logging.getLogger("matplotlib").setLevel(logging.ERROR)  # a cache that cannot be kept is no concern of a figure
with surroundings.elsewhere():
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as pyplot
from matplotlib import font_manager
from matplotlib.container import ErrorbarContainer
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

from wrapped import wrapped

# Only the fonts that come with matplotlib: a system may have another edition of the same family.
font_manager.fontManager.ttflist.clear()
for font in sorted(glob.glob(os.path.join(matplotlib.get_data_path(), "fonts", "ttf", "*.ttf"))):
    font_manager.fontManager.addfont(font)

PAGE = 6.9, 9.2          # inches of text on a journal's page; no figure is larger
NARROWEST = 1.9          # inches of a panel that can still be read
LEAST_HEIGHT = 1.25      # inches of a panel, likewise
CAPTION_SIZE = 7.5       # points
MARGIN = 0.01            # of the width, on each side of title and caption

pyplot.rcParams.update({
    "figure.dpi": 100, "savefig.dpi": 200, "font.size": 9, "axes.titlesize": 9, "axes.labelsize": 9,
    "legend.fontsize": 8, "xtick.labelsize": 8, "ytick.labelsize": 8, "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True, "grid.color": "#E4E4E4", "grid.linewidth": 0.6,
    "axes.axisbelow": True, "lines.linewidth": 1.3, "lines.markersize": 4.5, "legend.frameon": False,
    "hatch.linewidth": 0.5, "svg.hashsalt": "headcount", "text.parse_math": False, "font.family": "DejaVu Sans",
    "mathtext.fontset": "dejavuserif", "pdf.fonttype": 42})  # journals refuse fonts of type 3


class Width:
    """How wide the widest figure may be, in inches: a column of a journal, or its page."""

    inches = PAGE[0]


class Caption:
    """Whether title and caption stand inside the figure, or in a file beside it: a paper has its own."""

    inside = True

    @classmethod
    def title_room(cls):
        """Inches above the legend."""
        return 0.27 if cls.inside else 0.03


def panels(rows, columns, width=2.9, height=2.4, legend_lines=0, caption_lines=4, **shared):
    """A figure with a grid of panels, room for a legend on top and a caption at the bottom, in inches. Panels are less
    high than asked for where they would not fit a page."""
    total_width = figure_width(columns, width)
    top, bottom = Caption.title_room() + 0.07 + 0.2 * legend_lines, 0.14 * caption_lines + 0.15
    if Width.inches < PAGE[0]:  # in a column a panel that is as high as on a page would be a tower
        height = min(height, 0.6 * total_width / columns)
    height = max(LEAST_HEIGHT, min(height, (PAGE[1] - top - bottom) / rows))
    figure, axes = pyplot.subplots(rows, columns, figsize=(total_width, height * rows + top + bottom), squeeze=False,
                                   layout="constrained", **shared)
    figure.get_layout_engine().set(w_pad=0.06, h_pad=0.06)
    figure.headcount_room = top, bottom
    grow(figure, 0)
    return figure, axes


def pages(items, columns, height=2.4):
    """(end of the file's name, end of the title, items) for each page of panels of that height: as many on each."""
    rows = max(1, int((PAGE[1] - 2.0) / height))
    count = math.ceil(len(items) / (rows * columns))
    size = math.ceil(len(items) / count)
    for number in range(count):
        several = count > 1
        yield (f"_{number + 1}" if several else "", f" ({number + 1} of {count})" if several else "",
               items[number * size:(number + 1) * size])


def grow(figure, inches):
    """Makes a figure taller, up to a page, keeping the room for legend and caption; to be called before both."""
    height = min(PAGE[1], figure.get_figheight() + inches)
    top, bottom = figure.headcount_room
    figure.set_figheight(height)
    figure.get_layout_engine().set(rect=(0, bottom / height, 1, 1 - (top + bottom) / height))


def error_bars(estimate, low, high):
    """Lengths below and above; none where an interval is unavailable (too few rounds for its level)."""
    return [(estimate - low).clip(lower=0).fillna(0), (high - estimate).clip(lower=0).fillna(0)]


def title(figure, text):
    """Above the figure, smaller where it would not fit into its width, or kept for the file beside it."""
    figure.headcount_title = text
    if not Caption.inside:
        return
    largest, per_inch = 10.5, 10.5  # points, and characters of that size
    size = min(largest, largest * per_inch * figure.get_figwidth() / max(1, len(text)))
    figure.text(0.01, 1 - 0.08 / figure.get_figheight(), text, fontsize=size, fontweight="bold", va="top", ha="left")


def legend(figure, handles, labels, columns, size=8, symbols=False):
    """Above the panels; `size` in points, as given to legend_columns. With `symbols` dollars enclose formulas: names of a
    config are to be made plain() then."""
    drawn = figure.legend(handles, labels, loc="upper left", ncol=columns, handlelength=3.4, fontsize=size,
                          bbox_to_anchor=(0.005, 1 - Caption.title_room() / figure.get_figheight()))
    for text in drawn.get_texts():
        text.set_parse_math(symbols)


def caption(figure, text):
    """Under the figure, wrapped to its width, or kept for the file beside it."""
    figure.headcount_caption = text
    if not Caption.inside:
        return
    figure.text(MARGIN, 0.06 / figure.get_figheight(), "\n".join(caption_of(text, figure.get_figwidth())),
                fontsize=CAPTION_SIZE, color="#333333", va="bottom",
                ha="left", linespacing=1.25)


def caption_lines(text, columns, width=2.9):
    """How many lines the caption will take in a figure of that many columns."""
    return 0 if not Caption.inside else len(caption_of(text, figure_width(columns, width)))


def caption_of(text, inches):
    return wrapped(text, inches * (1 - 2 * MARGIN), CAPTION_SIZE)


def figure_width(columns, width=2.9):
    return min(Width.inches, max(5.6, width * columns + 0.5))


def legend_columns(labels, columns, width=2.9, size=8):
    """How many entries of a legend fit side by side over a figure of that many panels."""
    widest = (0.78 + 0.075 * max(len(label) for label in labels)) * size / 8
    return max(1, min(len(labels), int((figure_width(columns, width) - 0.2) / widest)))


def panel_columns(count, narrowest=NARROWEST):
    """Columns of a grid with few holes, as many as the width leaves legible."""
    fitting = max(1, int((Width.inches - 0.5) / narrowest))
    return min(fitting, 2 if count == 4 else min(3, count))


def powers_axis(axis, values):
    """A log2 axis with the values themselves as ticks, written as integers; thinned when they would touch."""
    ticks = sorted(set(int(v) for v in values))
    if len(ticks) > 8:
        ticks = ticks[::math.ceil(len(ticks) / 8)]
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))


def log_axis(axis, low, high):
    """Ticks of a log axis as plain numbers, also when it spans less than a decade."""
    decades = math.log10(high / low)
    subs = (1,) if decades > 3.3 else (1, 2, 5) if decades > 0.7 else (1, 1.5, 2, 3, 4, 5, 6, 8)
    axis.set_major_locator(LogLocator(subs=subs, numticks=12))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def binary_axis(axis, low, high):
    """Every second or fourth power of two of a log2 axis, fractions as such."""
    powers = range(math.ceil(math.log2(low)), math.floor(math.log2(high)) + 1)
    step = max(1, math.ceil(len(powers) / 7))
    axis.set_major_locator(FixedLocator([2.0**p for p in powers if p % step == 0]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}" if value >= 1 else f"1/{1 / value:g}"))


def limits(values, bounds=(), log=True, marks=()):
    """Ends of an axis that show all values, with room for markers. Bounds widen it by a quarter at most: data that a far
    bound pressed flat would say nothing. `marks` are shown in any case."""
    finite = [v for v in [*values, *marks] if v is not None and math.isfinite(v) and (v > 0 or not log)]
    to, back = (math.log, math.exp) if log else (float, float)
    low, high = to(min(finite)), to(max(finite))
    span = max(high - low, 0.05 if log else 0.05 * max(abs(low), abs(high)))
    below = [to(b) for b in bounds if math.isfinite(b) and b > 0 and to(b) < low]
    reachable = [b for b in below if b >= low - 0.25 * span]
    low = min([low, *reachable])
    return back(low - 0.07 * span), back(high + 0.07 * span)


def bound_marks(ax, x, y, colour):
    """Dashes where the machine's measured limits stand for each point, and arrows at the edge for those below the axis;
    None where none is known. To be called by every figure that says that it shows a bound, after its limits are set."""
    ax.figure.headcount_bounds = True
    known = [(a, b) for a, b in zip(x, y) if math.isfinite(b)]
    if not known:
        return None
    low = ax.get_ylim()[0]
    inside = [(a, b) for a, b in known if b >= low]
    for a in (a for a, b in known if b < low):
        ax.annotate("", (a, 0), xytext=(a, 0.05), xycoords=ax.get_xaxis_transform(),
                    textcoords=ax.get_xaxis_transform(), arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 0.6,
                                                                     "mutation_scale": 5, "shrinkA": 0, "shrinkB": 0})
    return ax.plot(*(zip(*inside) if inside else ([], [])), linestyle="none", marker="_", markersize=7,
                   markeredgewidth=1.1, color=colour)[0]


def path(ax, over, numbers, x, y, **look):
    """Joins points in the order of `numbers`, wherever they lie: a line whose own axis is no axis of the panel."""
    numbers = list(numbers)
    if not all(a < b for a, b in zip(numbers, numbers[1:])):
        raise ValueError(f"a path over {over} that is not in order: {numbers}")
    ax.figure.headcount_paths = getattr(ax.figure, "headcount_paths", set()) | {over}
    return ax.plot(x, y, marker="", **look)[0]


def ink_on(background):
    """Black or white, whichever is seen on this colour."""
    red, green, blue = background[:3]
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.45 else "black"


def cell_text(ax, x, y, text, background, bold=False, size=7.5, backed=False, interval=None):
    """Words in the middle of a coloured cell; `backed` keeps a hatch off them. `interval`: low and high of the number
    in them, small in the line below."""
    if interval is not None:
        ax.figure.headcount_intervals = True
        if math.isfinite(interval[1]):
            ax.text(x, y - 0.36, f"{interval[0]:.2f}\N{EN DASH}{interval[1]:.2f}", ha="center", va="center",
                    fontsize=0.55 * size, color=ink_on(background))
    behind = {"boxstyle": "round,pad=0.15", "facecolor": background, "edgecolor": "none"} if backed else None
    ax.text(x, y, text, ha="center", va="center", fontsize=size, fontweight="bold" if bold else "normal",
            color=ink_on(background), bbox=behind)


def hide_unused(axes, used):
    for ax in list(axes.flat)[used:]:
        ax.set_visible(False)


AXIS_LABELS = {"num_heads": "number of heads $H$", "kv_len": "sequence length $L$",
               "heads_left": "heads left in the model", "head_dim": "width of a head $d$"}


def plain(text):
    """Text of a config or a machine among symbols: a dollar of its own begins none."""
    return str(text).replace("$", r"\$")


def x_label(ax, name, **more):
    ax.set_xlabel(AXIS_LABELS[name], parse_math=True, **more)


def panel_title(ax, text, **more):
    """Over the left end of a panel; symbols stand between dollars."""
    ax.set_title(text, loc="left", parse_math=True, **more)


def hold_to(figure, shows, name):
    """Raises ValueError where a figure is not what its script's SHOWS says (frame.DESCRIPTION)."""
    axes = [ax for ax in figure.axes if ax.get_visible()]
    bars = [c for ax in axes for c in ax.containers if isinstance(c, ErrorbarContainer)]
    if bool(shows["bars"]) != (bool(bars) or getattr(figure, "headcount_intervals", False)):
        raise ValueError(f"{name}: {'draws no' if not bars else 'draws'} error bars, SHOWS says otherwise")
    if bool(shows["bound"]) != getattr(figure, "headcount_bounds", False):
        raise ValueError(f"{name}: draws {'no ' if shows['bound'] else ''}bounds, SHOWS says otherwise")
    # captions.rounds_text() names them.
    if shows["spread"] and not re.search(r"\d+ rounds|an unknown number of rounds", getattr(figure, "headcount_caption", "")):
        raise ValueError(f"{name}: its caption does not say how many rounds, and so not which samples are spread")
    joined = [(ax, line) for ax in axes for line in ax.get_lines()
              if line.get_marker() not in ("", " ", "None", None) and line.get_linestyle() != "None"
              and len(line.get_xdata()) > 1]
    paths = getattr(figure, "headcount_paths", set())
    if bool(shows["lines_over"]) != bool(joined or paths):
        raise ValueError(f"{name}: {'connects' if joined or paths else 'does not connect'} markers, SHOWS says otherwise")
    if paths - {shows["lines_over"]}:
        raise ValueError(f"{name}: joins points over {sorted(paths)}, SHOWS says {shows['lines_over']}")
    for _, line in joined:
        x = line.get_xdata()
        if not all(math.isfinite(a) and a < b for a, b in zip(x, x[1:])):
            raise ValueError(f"{name}: a line runs over an axis that is not in order: {list(x)}")
    labels = {ax.get_xlabel() for ax, _ in joined} - {""}
    if joined and labels != {AXIS_LABELS.get(shows["lines_over"])}:
        raise ValueError(f"{name}: lines over {labels}, SHOWS says {shows['lines_over']}")
    ratios = any("time of base" in ax.get_ylabel() for ax in axes)
    if ratios and not ("ratio" in shows["quantities"] and shows["base"]):
        raise ValueError(f"{name}: draws ratios, SHOWS does not say so or names no base")
    of_ratios = [ax for ax in axes if ax.get_ylabel() == "" or "time of base" in ax.get_ylabel()]
    if ratios and not all("\n1 is " in ax.get_title(loc="left") for ax in of_ratios):
        raise ValueError(f"{name}: a panel of ratios does not say what 1 is")


def latex(text):
    """With the ten characters escaped that mean something to LaTeX."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
               ">": r"\textgreater{}"} | {c: "\\" + c for c in "&%$#_{}"}
    return "".join(special.get(c, c) for c in text)


def save(figure, directory, stem, formats):
    """Writes the figure once for each format and returns the paths. Equal data give equal bytes."""
    os.makedirs(directory, exist_ok=True)
    # The layout solver's last digits depend on addresses, and ids in SVG are hashes of positions: round these.
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for ax in figure.axes:
        ax.set_position([round(v, 6) for v in ax.get_position().bounds])
    paths = []
    if not Caption.inside:
        paths.append(os.path.join(directory, f"{stem}_caption.tex"))
        with open(paths[0], "w", encoding="utf-8") as file:
            file.write(latex(f"{figure.headcount_title}. {figure.headcount_caption}") + "\n")
    for name in formats:
        path = os.path.join(directory, f"{stem}.{name}")
        # No date and no version of the library in the file: only the data decide its bytes.
        nothing = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None},
                   "pdf": {"CreationDate": None, "Creator": None, "Producer": None}}[name]
        figure.savefig(path, metadata=nothing)
        paths.append(path)
    pyplot.close(figure)
    return paths
