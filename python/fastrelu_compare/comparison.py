"""Rows of the same case side by side, and what is to be said of them."""

from collections import defaultdict
from dataclasses import dataclass

import numpy

from .results import CONTROL, COPIES, FASTRELU, YARDSTICKS, Case
from .statistics import SIGNIFICANT, Noise, geometric_mean, holm, u_tests

SMALL_BYTES = 4096
SMALL, CACHED, EDGE, PAST = "small calls", "in the caches", "at the caches' end", "past the caches"
ZONES = (SMALL, CACHED, EDGE, PAST)
UNKNOWN_CACHE = 1 << 20  # bytes, where a result says nothing of its caches
LOUD = 0.15  # noise that hides what one wants to know
BEYOND = 1.25  # times the last cache: what little is found there by chance no longer counts


@dataclass(frozen=True)
class Value:
    nanoseconds: float
    rate: float  # bytes a nanosecond: GB/s
    limit: float | None  # the share of the fastest copy's rate
    slower: float  # the time over the best one's of the row
    same: bool  # as the best one, or the best one itself


@dataclass(frozen=True)
class Row:
    operation: str
    dtype: str
    contender: str
    n: int
    bytes: int
    zone: str
    label: str  # what bounds it, where that is not a copy's rate
    values: tuple  # of each result, None where it has no such case

    @property
    def name(self):
        return str(Case(self.operation, self.dtype, self.contender, self.n))

    @property
    def best(self):
        """Which is fastest alone, or None where another is the same."""
        winners = [i for i, value in enumerate(self.values) if value and value.same]
        return winners[0] if len(winners) == 1 and sum(value is not None for value in self.values) > 1 else None

    @property
    def shared(self):
        return all(self.values)


@dataclass(frozen=True)
class Regression:
    row: Row
    ratio: float


class Limit:
    """The fastest copy of as many bytes: between two measured sizes along a straight line of the logarithms, beyond the
    first and the last one theirs."""

    def __init__(self, result):
        rates = defaultdict(float)
        for case, time in result.medians.items():
            if case.operation in COPIES:
                moved = result.bytes[case]
                rates[moved] = max(rates[moved], moved / time)
        self.sizes = sorted(rates)
        self.rates = [rates[size] for size in self.sizes]

    def rate(self, moved):
        if not self.sizes:
            return None
        return float(numpy.exp(numpy.interp(numpy.log(moved), numpy.log(self.sizes), numpy.log(self.rates))))


class Comparison:
    def __init__(self, results, noise=None):
        self.results = results
        ends = [result.cache_ends[-1] if result.cache_ends else UNKNOWN_CACHE for result in results]
        self.cached, self.past = min(ends), max(ends) * BEYOND
        self.limits = [Limit(result) for result in results]
        self.noises = [Noise(result, self.zone, noise) for result in results]
        self.rows = self._rows()
        self.library = [row for row in self.rows if row.contender == FASTRELU]
        self.dtypes = sorted({row.dtype for row in self.library}, key=dtype_order)
        self.operations = list(dict.fromkeys(row.operation for row in self.library))

    def zone(self, moved):
        """Cases that are in one result's caches and not in another's are at their end in all."""
        if moved <= SMALL_BYTES:
            return SMALL
        if moved <= self.cached:
            return CACHED
        return PAST if moved > self.past else EDGE

    def _rows(self):
        cases = defaultdict(dict)  # (operation, dtype, contender, n): {result's index: its case}
        for i, result in enumerate(self.results):
            for case in result.times:
                key = (case.operation, case.dtype, case.contender, case.n)
                if case.contender != CONTROL:
                    cases[key][i] = case
                if case.contender == result.chosen and case.operation not in YARDSTICKS:
                    cases[(case.operation, case.dtype, FASTRELU, case.n)][i] = case
        order = {operation: place for place, operation in enumerate(dict.fromkeys(key[0] for key in cases))}
        keys = sorted(cases, key=lambda key: (order[key[0]], dtype_order(key[1]), key[2] != FASTRELU, key[2], key[3]))

        bests, pairs, places = {}, [], {}
        for key in keys:
            found = cases[key]
            bests[key] = min(found, key=lambda i: self.results[i].medians[found[i]])
            for i in found:
                if i != bests[key]:
                    places[key, i] = len(pairs)
                    samples = [self.results[j].times[found[j]] for j in (bests[key], i)]
                    pairs.append(samples)
        p_values = u_tests(pairs)

        rows = []
        for key in keys:
            found, best = cases[key], bests[key]
            moved = self.results[best].bytes[found[best]]
            zone, least, values = self.zone(moved), self.results[best].medians[found[best]], []
            for i, result in enumerate(self.results):
                if i not in found:
                    values.append(None)
                    continue
                time = result.medians[found[i]]
                place = (zone, key[0], key[1], key[3])
                noise = max(self.noises[i].of_row(*place), self.noises[best].of_row(*place))
                same = i == best or time / least - 1 <= noise or p_values[places[key, i]] >= SIGNIFICANT
                limit = self.limits[i].rate(moved)
                values.append(Value(time, moved / time, limit and moved / time / limit, time / least, same))
            label = self.results[best].labels.get(found[best], "")
            rows.append(Row(*key, moved, zone, label, tuple(values)))
        return rows

    # ---- what many rows say together -------------------------------------------------------------------------

    def warnings(self, i):
        """The result's own, and what its noise hides."""
        found = self.results[i].warnings
        loudest = max(ZONES, key=self.noises[i].of_zone)
        noise = self.noises[i].of_zone(loudest)
        if noise > LOUD:
            found.insert(
                0,
                f"The run is noisy: one function timed twice was up to {100 * noise:.0f}% apart, and smaller "
                f"differences show as the same. Measure again on an idle machine.",
            )
        return found

    def times_over(self, zone):
        """Of each result the geometric mean of its times over the first one's, in the rows that all have, and these."""
        rows = [row for row in self.library if row.zone == zone and row.shared]
        if not rows:
            return [], rows
        ratios = [
            geometric_mean(row.values[i].nanoseconds / row.values[0].nanoseconds for row in rows)
            for i in range(len(self.results))
        ]
        return ratios, rows

    def limit_share(self, i, zone, dtype=None, operation=None):
        shares = [
            row.values[i].limit
            for row in self.library
            if row.zone == zone
            and dtype in (None, row.dtype)
            and operation in (None, row.operation)
            and row.values[i]
            and row.values[i].limit
        ]
        return geometric_mean(shares) if shares else None

    def isa_gains(self, i, zone, dtype):
        """{instruction set: its speed over the plain C kernels'}, in the rows that both have."""
        result, gains = self.results[i], {}
        for isa in result.isas:
            ratios = [
                result.medians[plain] / result.medians[case]
                for case in result.times
                if case.contender == isa
                and case.dtype == dtype
                and case.operation not in YARDSTICKS
                and self.zone(result.bytes[case]) == zone
                and (plain := Case(case.operation, case.dtype, "scalar", case.n)) in result.medians
            ]
            if ratios:
                gains[isa] = geometric_mean(ratios)
        return gains

    def smallest_calls(self, dtype):
        """The rows of the fewest elements."""
        sizes = [row.n for row in self.library if row.dtype == dtype and row.zone == SMALL]
        return [row for row in self.library if row.dtype == dtype and sizes and row.n == min(sizes)]

    def regressions(self, base, new, threshold):
        """The rows in which `new` is slower than `base` by more than the threshold and than any function was over
        itself in the two runs, and by no accident of so many rows; how many rows there are, and how much passes. Of 42
        pairs of one build's quick runs beside other programs 4 had such a row, with the noise of 90 in 100 rows 17."""
        rows = [row for row in self.library if row.values[base] and row.values[new]]
        samples = []
        for row in rows:
            samples.append([
                result.times[Case(row.operation, row.dtype, result.chosen, row.n)]
                for result in (self.results[base], self.results[new])
            ])
        found = []
        least = max(threshold, self.noises[base].largest, self.noises[new].largest)
        for row, significant in zip(rows, holm(u_tests(samples))):
            ratio = row.values[new].nanoseconds / row.values[base].nanoseconds
            if significant and ratio - 1 > least:
                found.append(Regression(row, ratio))
        return found, len(rows), least


def dtype_order(dtype):
    known = ("f32", "f16", "bf16", "f64", "s8", "u8", "s16", "s32")
    return known.index(dtype) if dtype in known else len(known), dtype
