"""Ratios of two points within the rounds that both stood in: what points.csv holds only for the base of each group.

The same numbers as harness/stats/paired.cpp makes, where their coverage is tested: the estimate of Hodges and Lehmann
of the logarithms, with the signed-rank interval, and that of the median too where they are skewed.
tests/plots/comparison_test.py compares both on results that are stored.
"""
import math

import numpy

import skewed

LEVEL = 0.95
FEWEST = 4          # below, a lag-1 coefficient says nothing
LARGEST_PHI = 0.95  # beyond, a series of 80 rounds holds two observations


class Rounds:
    """The seconds of each point, by the round in which they were taken."""

    in_time = True  # what is drawn one after the other, and looked at more than once, widens its interval

    def __init__(self, samples):
        """`samples`: columns point, group, stratum, round, wall_s. Of two samples in one round the first counts."""
        places = {group: i for i, group in enumerate(dict.fromkeys(samples["group"]))}
        self._of = {}
        columns = samples[["point", "group", "stratum", "round", "wall_s"]]
        for point, group, stratum, number, value in columns.itertuples(index=False):
            self._of.setdefault(point, {}).setdefault((places[group], stratum, number), value)

    def shared(self, points):
        """The rounds that all of the points stood in."""
        return set.intersection(*(set(self._of.get(point, ())) for point in points))

    def ratio(self, point, base):
        """(estimate, low, high) of the value of point over that of base, paired by round; None where they share none.
        The ends are nan where too few rounds bound them."""
        rounds = sorted(self.shared([point, base]))
        if not rounds:
            return None
        logs = [math.log(self._of[point][r] / self._of[base][r]) for r in rounds]
        return tuple(math.exp(value) if math.isfinite(value) else math.nan for value in interval(logs, self.in_time))


class Seeds(Rounds):
    """The test errors of each point, by the seed: draws that know nothing of each other."""

    in_time = False

    def __init__(self, trainings):
        super().__init__(trainings.assign(stratum=0, wall_s=trainings["test_error"]))


def interval(values, in_time=True):
    """Centre of the values, which are in the order of the rounds, and the ends of its interval (nan: unbounded)."""
    x = numpy.asarray(values)
    n = len(x)
    first, second = numpy.triu_indices(n)
    averages = numpy.sort((x[first] + x[second]) / 2)
    centre = float(numpy.median(averages))
    rank = rank_of_end(n)
    if rank < 1:
        return centre, math.nan, math.nan
    widening = looks_widening(n) * math.sqrt(block_length(x)) if in_time else 1
    low, high = centre + widening * (averages[rank - 1] - centre), centre + widening * (averages[-rank] - centre)
    ends = skewed.median_ends(x, widening, LEVEL) if skewed.is_skewed(x) else None
    return (centre, low, high) if ends is None else (centre, min(low, ends[0]), max(high, ends[1]))


def rank_of_end(n):
    """The largest k with P(T < k) <= (1 - LEVEL) / 2, T the sum of a random subset of 1 to n."""
    ways = numpy.ones(1)
    for i in range(1, n + 1):
        ways = (numpy.pad(ways, (0, i)) + numpy.pad(ways, (i, 0))) / 2
    return int(numpy.searchsorted(numpy.cumsum(ways), (1 - LEVEL) / 2, side="right"))


def looks_widening(n):
    return 1 + 0.02 * min(max(math.log2(n / 10), 0), 3)


def block_length(x):
    """Rounds for each independent observation: 1 where neighbouring rounds do not resemble each other."""
    n = len(x)
    if n < FEWEST:
        return 1
    ranks = average_ranks(x) - (n - 1) / 2
    squares = float(ranks @ ranks)
    lag1 = float(ranks[1:] @ ranks[:-1]) / squares if squares > 0 else 0
    few = n < 20
    if (lag1 + 1 / n) * math.sqrt(n) <= (0 if few else 0.75):
        return 1
    phi = lag1 + 1.5 * (1 + 3 * max(lag1, 0)) / n + (1.6 if few else 1) / math.sqrt(n)
    phi = min(max(phi, 0), LARGEST_PHI)
    return (1 + phi) / (1 - phi)


def average_ranks(x):
    """From 0; equal values share the mean of their ranks."""
    _, inverse, counts = numpy.unique(x, return_inverse=True, return_counts=True)
    ends = numpy.cumsum(counts)
    return (ends - (counts + 1) / 2)[inverse]
