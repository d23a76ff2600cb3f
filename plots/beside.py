"""Implementations beside each other: their time over the least that the measured limits allow, a row a shape."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # which isolated interpreters leave out
import frame
import captions
import looks
import members
import style

import pandas

ROWS = 18  # shapes in one file; more would be too tall for a page

# By what shapes are told apart on pages, the coarsest first: those of one kind stay together.
KINDS = ["scope", "dtype", "num_threads", "decode", "batch", "embed_dim", "causal", "kv_len"]

SHOWS = {"quantities": ["time"], "summary": "median", "bars": "95 % intervals",
         "bound": "1 is the least time of each shape at the measured limits",
         "spread": "named in the caption, from the 5th to the 95th percentile"}


def shape_of(row):
    """ "causal, L 2048, E 512, H 8": what is not the default."""
    words = [row["scope"]] if row["scope"] != "core" else []
    words += [row["flags"]] if row["flags"] else []
    if row["batch"] != 1:
        words.append(f"B {row['batch']:.0f}")
    same = row["q_len"] == row["kv_len"]
    words.append(f"L {row['kv_len']:.0f}" if same else f"q {row['q_len']:.0f}, kv {row['kv_len']:.0f}")
    words += [f"E {row['embed_dim']:.0f}", f"H {row['num_heads']:.0f}"]
    words += [row[field] for field in ("kv", "width", "others") if row[field]]
    if row["num_threads"] != 1:
        words.append(f"{row['num_threads']:.0f} threads")
    return ", ".join(words)


def draw(data):
    data.need(["n_rounds", "median_s", "low_s", "high_s", "bound_s", "bound_lacks"])
    points = data.points[(data.points["outcome"] == "measured") & (data.points["median_s"] > 0)].copy()
    points["name"] = [members.implementation(row) for _, row in points.iterrows()]
    shape = [field["name"] for field in data.fields if field["facet"] not in ("who", "data")] + ["others"]
    points["shape"] = points.groupby(shape, sort=False).ngroup()
    # The least time is the shape's; an implementation that was not counted has none of its own.
    points["least"] = points.groupby("shape")["bound_s"].transform("max")
    several = points.groupby("shape")["name"].transform("nunique") >= 2
    points = points[several & points["least"].notna()]
    if points.empty:
        raise frame.NotApplicable("nothing stands beside anything: two timed implementations of one shape are needed, "
                                  "and the limits of the run")
    names = list(points.drop_duplicates("name")["name"])
    points["decode"] = points["q_len"] == 1
    shapes = points.drop_duplicates("shape").sort_values([*KINDS, "num_heads", "shape"])
    pages = pages_of(shapes, KINDS)
    for number, page in enumerate(pages, start=1):
        tail = f" ({number} of {len(pages)})" if len(pages) > 1 else ""
        here = points[points["shape"].isin(page)]
        yield (f"{number}" if len(pages) > 1 else ""), figure(data, tail, here, list(page), names)


def pages_of(shapes, kinds):
    """Lists of shapes of which none is too long, cut between kinds of shapes where possible; neighbours that fit a page
    together share it."""
    if len(shapes) <= ROWS or not kinds:
        count = -(-len(shapes) // ROWS)
        size = -(-len(shapes) // count)
        return [list(shapes["shape"])[i:i + size] for i in range(0, len(shapes), size)]
    pages = []
    for _, kind in shapes.groupby(kinds[0], sort=False):
        for page in pages_of(kind, kinds[1:]):
            if pages and len(pages[-1]) + len(page) <= ROWS:
                pages[-1] = pages[-1] + page
            else:
                pages.append(page)
    return pages


def figure(data, tail, points, shapes, names):
    lacks = sorted(set(points["bound_lacks"]) - {""})
    open_ones = points["low_s"].isna() | points["high_s"].isna()
    text = ("Median time of one pass over the least time that the shape's products, exponentials and compulsory bytes need "
            "at the measured limits of the machine and as many threads; bars are 95 % intervals" +
            (f"; hollow: {int(open_ones.sum())} of {len(points)} without one (too few rounds, or rounds that resemble "
             "each other)" if open_ones.any() else "") +
            (f". Partial: {'; '.join(lacks)}" if lacks else "") +
            f". The smaller the better; 1 is the limit. Each point has {captions.rounds_text(points)}. {data.origin(points)}")
    width = 6.6
    labels = [name for name in names if name in set(points["name"])] + ["least time"]
    columns = style.legend_columns(labels, 1, width)
    fig, axes = style.panels(1, 1, width=width, height=0.7 + 0.29 * len(shapes),
                             legend_lines=-(-len(labels) // columns), caption_lines=style.caption_lines(text, 1, width))
    ax = axes.flat[0]
    over = {column: points[column] / points["least"] for column in ("median_s", "low_s", "high_s")}
    low, high = style.limits(pandas.concat(over.values()), marks=[1])
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    style.log_axis(ax.xaxis, low, high)
    ax.set_ylim(-0.5, len(shapes) - 0.5)
    handles = {}
    place = {shape: len(shapes) - 1 - i for i, shape in enumerate(shapes)}
    for i, name in enumerate(names):
        mine = points[points["name"] == name]
        if mine.empty:
            continue
        aside = 0.42 * (0.5 - (i + 0.5) / len(names))  # so that equal ones do not hide each other
        look = looks.implementation(mine["variant"].iloc[0], mine["backend"].iloc[0])
        for index in mine.index:
            x = over["median_s"][index]
            ends = [[e.iloc[0]] for e in style.error_bars(*(over[c][[index]] for c in ("median_s", "low_s", "high_s")))]
            handles[name] = ax.errorbar([x], [place[mine["shape"][index]] + aside], xerr=ends, capsize=1.5, elinewidth=0.8,
                                        markersize=4, **look, **({"markerfacecolor": "white"} if open_ones[index] else {}))
    for shape in shapes[::2]:
        ax.axhspan(place[shape] - 0.5, place[shape] + 0.5, color="#F4F4F4", linewidth=0, zorder=0)
    ax.axvline(1, color=looks.BOUND, linewidth=0.8)
    handles["least time"] = style.bound_marks(ax, [1] * len(shapes), list(place.values()), looks.BOUND)
    rows = points.drop_duplicates("shape").set_index("shape", drop=False)
    ax.set_yticks([place[shape] for shape in shapes], [shape_of(rows.loc[shape]) for shape in shapes])
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("time over the least time")
    style.title(fig, "Side by side: " + ", ".join(sorted(set(points["scope"]))) + tail)
    shown = [label for label in labels if label in handles]
    style.legend(fig, [handles[label] for label in shown], shown, columns)
    style.caption(fig, text)
    return fig


if __name__ == "__main__":
    raise SystemExit(frame.main("beside", draw, SHOWS))
