"""What tells a difference from noise."""

from collections import defaultdict

import numpy
from scipy.stats import mannwhitneyu

from .results import CONTROL, Case

SIGNIFICANT = 0.05  # the level of Google Benchmark's compare.py
ASSUMED_NOISE = 0.05  # of a run without control
PERCENTILE = 90
FEWEST = 8  # control rows that a percentile is taken of


def geometric_mean(values):
    return float(numpy.exp(numpy.mean(numpy.log(list(values)))))


def u_tests(pairs):
    """p of Mann and Whitney's U test for each pair of samples; those of as many repetitions in one call."""
    found = numpy.ones(len(pairs))
    groups = defaultdict(list)
    for number, (a, b) in enumerate(pairs):
        groups[len(a), len(b)].append(number)
    for numbers in groups.values():
        a, b = (numpy.stack([pairs[number][side] for number in numbers]) for side in (0, 1))
        found[numbers] = mannwhitneyu(a, b, alternative="two-sided", axis=1).pvalue
    return found.tolist()


def holm(p_values):
    """Which of many tests stay significant together (Holm and Bonferroni): of a thousand fifty would be by chance."""
    passed = [False] * len(p_values)
    for rank, number in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[number] * (len(p_values) - rank) >= SIGNIFICANT:
            break
        passed[number] = True
    return passed


class Noise:
    """How far apart one function, timed twice in a run, was: in a row, and in 90 of 100 rows of its zone."""

    def __init__(self, result, zone_of, fixed=None):
        self.fixed = fixed
        self.rows, by_zone = {}, defaultdict(list)
        for case, time in result.medians.items():
            if case.contender != CONTROL:
                continue
            twin = result.medians.get(Case(case.operation, case.dtype, result.chosen, case.n))
            if twin:
                spread = max(time, twin) / min(time, twin) - 1
                self.rows[case.operation, case.dtype, case.n] = spread
                by_zone[zone_of(result.bytes[case])].append(spread)
        self.everywhere = numpy.percentile(list(self.rows.values()), PERCENTILE) if self.rows else ASSUMED_NOISE
        self.zones = {
            zone: numpy.percentile(spreads, PERCENTILE) for zone, spreads in by_zone.items() if len(spreads) >= FEWEST
        }

    @property
    def largest(self):
        return float(self.fixed if self.fixed is not None else max(self.rows.values(), default=ASSUMED_NOISE))

    def of_zone(self, zone):
        return float(self.fixed if self.fixed is not None else self.zones.get(zone, self.everywhere))

    def of_row(self, zone, operation, dtype, n):
        if self.fixed is not None:
            return self.fixed
        return max(self.of_zone(zone), self.rows.get((operation, dtype, n), 0))
