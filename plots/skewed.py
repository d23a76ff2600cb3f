"""Whether values are skewed, and where their median then lies: as harness/stats/shape.cpp and sign_test.cpp say it."""
import math

import numpy

FEWEST = 13  # of fewer values signed ranks hold the median whatever their skew (docs/measurement.md)
SEEN = 0.1   # p-value of "they scatter symmetrically" below which they are skewed


def is_skewed(x):
    return len(x) >= FEWEST and symmetry_p_value(x) < SEEN


def symmetry_p_value(x):
    """Of the triples test (Randles, Fligner, Policello and Wolfe 1980)."""
    n = len(x)
    by_pair = numpy.zeros((n, n))
    apart = ~numpy.eye(n, dtype=bool)
    second, third = x[:, None], x[None, :]
    for i, first in enumerate(x):
        leans = (numpy.sign(first + second - 2 * third) + numpy.sign(first + third - 2 * second) +
                 numpy.sign(second + third - 2 * first)) / 3
        leans[~apart] = 0
        leans[:, i] = 0
        by_pair[i] = leans.sum(axis=1)
        by_pair[i, i] = 0
    by_value = by_pair.sum(axis=1) / 2
    pairs = n * (n - 1) / 2
    triples = pairs * (n - 2) / 3
    lean = by_value.sum() / 3 / triples
    of_one = ((by_value / ((n - 1) * (n - 2) / 2) - lean) ** 2).sum() / n
    of_two = ((by_pair[apart] / (n - 2) - lean) ** 2).sum() / 2 / pairs
    variance = (3 * (n - 3) * (n - 4) / 2 * of_one + 3 * (n - 3) * of_two + 1 / 9 - lean ** 2) / triples
    if variance <= 0:
        return 1.0 if lean == 0 else 0.0
    return math.erfc(abs(lean) / math.sqrt(2 * variance))


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
