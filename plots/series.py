"""Series of timed points that differ in the number of heads, each with its ratios to the fewest, paired by round."""
import math

import frame
import paired


def over_heads(data):
    """Timed points of two numbers of heads or more, with columns `series`, `base` (a point's id), `base_s`, `ratio`,
    `ratio_low` and `ratio_high`. A run may have compared its points with another base, or with one across variants; these
    ratios are formed here. Where two share no round the ratio of the medians stands, without an interval."""
    points = data.points[(data.points["outcome"] == "measured") & (data.points["median_s"] > 0)].copy()
    points["series"] = points.groupby(data.figure_fields() + ["variant", "length"]).ngroup()
    several = points.groupby("series")["num_heads"].transform("nunique") >= 2
    points = points[several].sort_values(["series", "num_heads", "point"])
    if points.empty:
        raise frame.NotApplicable("time over heads needs timed points that differ in num_heads")
    rounds = paired.Rounds(data.samples())
    bases = points.groupby("series")[["point", "median_s"]].transform("first")
    points["base"], points["base_s"] = bases["point"], bases["median_s"]
    ratios = [ratio_of(rounds, row) for row in points.itertuples()]
    for number, column in enumerate(("ratio", "ratio_low", "ratio_high")):
        points[column] = [ratio[number] for ratio in ratios]
    return points


def ratio_of(rounds, row):
    if row.point == row.base:
        return 1.0, 1.0, 1.0
    return rounds.ratio(row.point, row.base) or (row.median_s / row.base_s, math.nan, math.nan)
