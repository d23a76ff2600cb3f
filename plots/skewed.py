"""Whether values are skewed, and where their median then lies: as harness/stats/shape.cpp and sign_test.cpp say it."""
import math

import numpy

FEWEST = 13  # of fewer values signed ranks hold the median whatever their skew (docs/measurement.md)
SEEN = 0.1   # p-value of "they scatter symmetrically" below which they are skewed


def is_skewed(x):
    return len(x) >= FEWEST and symmetry_p_value(x) < SEEN


def symmetry_p_value(x):
    """Of the triples test (Randles, Fligner, Policello and Wolfe 1980)."""
    x = numpy.sort(x)
    n, index = len(x), numpy.arange(len(x))
    by_value, total, squares = numpy.zeros(n), 0.0, 0.0  # triples that lean right less those that lean left
    for i in range(n - 1):
        high, j = x[i + 1:], index[i + 1:]
        of_pair = (signs(x, 2 * x[i] - high, 0, i) - signs(x, (x[i] + high) / 2, i + 1, j) +
                   signs(x, 2 * high - x[i], j + 1, n))
        by_value[i] += of_pair.sum() / 2
        by_value[i + 1:] += of_pair / 2
        total += of_pair.sum() / 3
        squares += (of_pair ** 2).sum()
    pairs = n * (n - 1) / 2
    triples = pairs * (n - 2) / 3
    lean = total / 3 / triples
    of_one = ((by_value / (3 * (n - 1) * (n - 2) / 2) - lean) ** 2).sum() / n
    of_two = squares / pairs / (3 * (n - 2)) ** 2 - lean ** 2
    variance = (3 * (n - 3) * (n - 4) / 2 * of_one + 3 * (n - 3) * of_two + 1 / 9 - lean ** 2) / triples
    if variance <= 0:
        return 1.0 if lean == 0 else 0.0
    return math.erfc(abs(lean) / math.sqrt(2 * variance))


def signs(x, thresholds, first, last):
    """How many of the values from place `first` to before `last` are above each threshold, less those below."""
    above = last - numpy.clip(numpy.searchsorted(x, thresholds, side="right"), first, last)
    return above - (numpy.clip(numpy.searchsorted(x, thresholds, side="left"), first, last) - first)


def median_ends(x, widening, level):
    """The ends of the interval of the median by signs, moved away from it by so many times; None: unbounded."""
    n, outside, below = len(x), 0, 0.5 ** len(x)
    chance = below
    while outside < n // 2 and below <= (1 - level) / 2:
        outside += 1
        chance *= (n - outside + 1) / outside
        below += chance
    if outside == 0:
        return None
    ordered, median = numpy.sort(x), float(numpy.median(x))
    return median + widening * (ordered[outside - 1] - median), median + widening * (ordered[-outside] - median)
