"""What a caption says of its points: rounds, spread, conditions, libraries, bounds, and what the config declared or leaves out."""
import math

import members

HEAVY_TAIL = 2  # the 95th percentile over the median, as lint sees it
MOST_NAMED = 8


def rounds_text(points):
    """ "20 rounds", "10 to 40 rounds", and which samples are spread."""
    n = points["n_rounds"].dropna() if "n_rounds" in points.columns else []
    if len(n) == 0:
        return "an unknown number of rounds"
    low, high = int(min(n)), int(max(n))
    return (f"{low} rounds" if low == high else f"{low} to {high} rounds") + spread_text(points)


def spread_text(points):
    """ "; one middle value does not describe ...": samples with several modes or a heavy tail, from their 5th to their 95th
    percentile; "" where there is none."""
    if not {"several_modes", "p5_s", "p95_s"} <= set(points.columns):
        return ""
    torn = points[(points["several_modes"] == "true") | (points["p95_s"] > HEAVY_TAIL * points["median_s"])]
    if torn.empty:
        return ""
    several = points["backend"].nunique() > 1
    told = [f"{members.implementation(row, several)} H {row['num_heads']:.0f} L {row['length']:.0f} {quantity(row['p5_s'], 's')} to "
            f"{quantity(row['p95_s'], 's')}" for _, row in torn.head(MOST_NAMED).iterrows()]
    more = f", and {len(torn) - MOST_NAMED} more in points.csv" if len(torn) > MOST_NAMED else ""
    return ("; one middle value does not describe samples with several modes or a heavy tail, here from their 5th to their "
            f"95th percentile: {', '.join(told)}{more}")


def pass_name(points):
    """What was timed: of points with a task a training step."""
    return "training step" if (points["task"] != "none").all() else "pass"


def bounds_text(points):
    """What the dashes of a bound are, for a caption, and what they lack."""
    text = "Dashes: the least time at the measured limits of the machine (arrows: below the axis)"
    lacks = sorted(set(points.loc[points["bound_s"].notna(), "bound_lacks"]) - {""})
    return text + (f", partial: {'; '.join(lacks)}" if lacks else "")


def unbounded_text(points, low="low_s", high="high_s"):
    """How many of the points have no interval; "" where all have one."""
    without = int((points[low].isna() | points[high].isna()).sum())
    return f" (none for {without} of {len(points)}: too few rounds, or rounds that resemble each other)" if without else ""


def values_text(points, field, one, several):
    values = sorted(set(points[field]))
    if len(values) == 1:
        return (one if values[0] == 1 else several).format(f"{values[0]:.0f}")
    return several.format(f"{values[0]:.0f} to {values[-1]:.0f}")


def conditions(points):
    """ "f32, 1 thread, batch 1", and what the title of the figure spared."""
    untold = sorted(set(points["untold"]) - {""}) if "untold" in points.columns else []
    return ", ".join([" and ".join(sorted(set(points["dtype"]))), values_text(points, "num_threads", "{} thread", "{} threads"),
                      values_text(points, "batch", "batch {}", "batch {}"), *untold])


def libraries(points, library):
    """ "Libraries: blas: OpenBLAS 0.3.21 (Haswell kernels); simd: headcount 0.1.0, AVX-512", from {backend: library}."""
    named = [f"{backend}: {library.get(backend, 'unknown')}" for backend in sorted(set(points["backend"]))]
    return ("Library: " if len(named) == 1 else "Libraries: ") + "; ".join(named)


def crowded(points):
    """ "More threads than processors in 3 of 12 points. ", or "": threads that take turns measure the scheduler."""
    marked = int((points["oversubscribed"] == "true").sum()) if "oversubscribed" in points.columns else 0
    return f"More threads than processors in {marked} of {len(points)} points. " if marked else ""


def quantity(value, unit):
    """ "3.42 ms", "41 us", "1.5 GiB": three significant digits."""
    if value is None or math.isnan(value):
        return "unavailable"
    if unit == "s":
        for scale, name in ((1, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")):
            if value >= scale or name == "ns":
                return f"{value / scale:.3g} {name}"
    if unit == "B":
        for scale, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (1, "B")):
            if value >= scale or name == "B":
                return f"{value / scale:.3g} {name}"
    return f"{value:.3g} {unit}"


def left_out(run):
    """What the config says that it leaves out of the machine, and why: "Left out: processors (...). "; facts of the clock
    only where the system does hide them."""
    environment = run.get("environment", {})
    told = [f"{what.rsplit('.', 1)[-1]} ({why})" for what, why in sorted(run.get("left_out", {}).items())
            if what == "processors" or environment.get(what, "unavailable").startswith("unavailable")]
    return f"Left out: {'; '.join(told)}. " if told else ""


class Declared:
    """What a config declared beforehand of the time over heads: a kind, a number, and the points that it speaks of."""

    WORDS = {"within": "equal within {:.3g}", "at_most": "at most {:.3g} times", "at_least": "at least {:.3g} times"}

    def __init__(self, claim):
        self.name, self.kind = str(claim.get("id", "")), claim["kind"]
        self.value = float(claim["argument"])
        self.part, self.where = claim.get("part") or "main", claim.get("where") or {}

    def speaks_of(self, points):
        """Which of the points it can be about; of the number of heads it names those that it compares."""
        about = points["part"] == self.part if "part" in points.columns else points["variant"].notna()
        for field, values in self.where.items():
            if field in points.columns:
                about &= points[field].map(lambda found: as_text(field, found)).isin([str(value).lower() for value in values])
        return about

    def text(self):
        return f"{self.WORDS[self.kind].format(self.value)} ({self.name})"


def as_text(field, value):
    """As a claim writes it: an axis of numbers is read as real numbers, and a flag as its name or nothing."""
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return {"": "false", field: "true"}.get(str(value), str(value).lower())


def declared(run, points):
    """Claims on time across heads that speak of some of the points; laws that are no plain number are left out."""
    found = []
    for claim in run.get("claims", []):
        if (isinstance(claim, dict) and claim.get("metric") == "time" and claim.get("kind") in Declared.WORDS and
                claim.get("across") in ("num_heads", ["num_heads"])):
            try:
                one = Declared(claim)
            except ValueError:
                continue
            if one.speaks_of(points).any():
                found.append(one)
    return found
