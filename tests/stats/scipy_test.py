"""Compares intervals and p-values of stored samples with SciPy's: scipy_test.py TEST_STATS FIXTURES."""

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
from scipy import stats

CONFIDENCE = 0.95


def walsh_interval(x):
    """Estimate and ends from the pairwise means, by the exact distribution behind scipy.stats.wilcoxon."""
    n = len(x)
    means = np.sort([(a + b) / 2 for a, b in itertools.combinations_with_replacement(x, 2)])
    # Just below the k-th smallest mean a two-sided exact test at 5 % still rejects, just above it no longer does.
    rejected = [
        stats.wilcoxon(np.asarray(x) - (m - 1e-9), alternative="greater", mode="exact").pvalue <= (1 - CONFIDENCE) / 2
        for m in means
    ]
    k = sum(itertools.takewhile(bool, rejected))
    return np.median(means), means[k - 1], means[len(means) - k]


def median_ranks(n):
    below = int(stats.binom.ppf((1 - CONFIDENCE) / 2, n, 0.5))
    rank = below + 1 if stats.binom.cdf(below, n, 0.5) <= (1 - CONFIDENCE) / 2 else below
    return rank


def sign_interval(x, widening):
    """Of the median, its ends moved away from it."""
    ordered, middle, rank = sorted(x), np.median(x), median_ranks(len(x))
    return middle + widening * (ordered[rank - 1] - middle), middle + widening * (ordered[-rank] - middle)


def sign_p(x, widening, alternative):
    shifted = np.asarray(x) - (np.median(x) - np.median(x) / widening)
    return stats.binomtest(int(np.sum(shifted > 0)), len(x), 0.5, alternative=alternative).pvalue


def close(what, got, expected, tolerance=1e-6):
    if abs(got - expected) > tolerance * max(1, abs(expected)):
        sys.exit(f"{what}: {got} here, {expected} by SciPy")


def main():
    program, fixtures = sys.argv[1], Path(sys.argv[2])
    output = subprocess.run([program, "[.scipy]"], capture_output=True, text=True, check=True).stdout
    samples = {
        words[0]: [float(w) for w in words[1:]]
        for words in (line.split() for line in (fixtures / "stats" / "samples.txt").read_text().splitlines())
    }
    lines = [line.split()[1:] for line in output.splitlines() if line.startswith("scipy ")]
    if len(lines) != len(samples):
        sys.exit(f"{len(lines)} of {len(samples)} samples came back")
    askew = 0
    for name, n, skewed, *numbers in lines:
        widening, block, estimate, low, high, p_most, p_least, median_low, median_high = map(float, numbers)
        x = samples[name]
        assert int(n) == len(x)
        expected, expected_low, expected_high = walsh_interval(x)
        close(f"{name}: estimate", estimate, expected)
        expected_low = expected + widening * (expected_low - expected)
        expected_high = expected + widening * (expected_high - expected)
        shifted = np.asarray(x) - (expected - expected / widening)  # a widened interval: zero moves to the estimate
        expected_most = stats.wilcoxon(shifted, alternative="greater", mode="exact").pvalue
        expected_least = stats.wilcoxon(shifted, alternative="less", mode="exact").pvalue
        if skewed == "1":  # both tests and both intervals have to agree
            askew += 1
            median_ends = sign_interval(x, widening)
            expected_low, expected_high = min(expected_low, median_ends[0]), max(expected_high, median_ends[1])
            expected_most = max(expected_most, sign_p(x, widening, "greater"))
            expected_least = max(expected_least, sign_p(x, widening, "less"))
        close(f"{name}: low", low, expected_low)
        close(f"{name}: high", high, expected_high)
        close(f"{name}: p at most 0", p_most, expected_most)
        close(f"{name}: p at least 0", p_least, expected_least)
        if block == 1:
            ordered, rank = sorted(x), median_ranks(len(x))
            close(f"{name}: median's low", median_low, ordered[rank - 1])
            close(f"{name}: median's high", median_high, ordered[-rank])
    if not askew:
        sys.exit("no sample is skewed: the interval by signs was not compared")
    print(f"{len(lines)} samples ({askew} skewed) agree with SciPy: estimate, interval, both p-values, rank interval of the median")


main()
