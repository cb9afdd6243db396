"""The comparison in words, and numbers as people read them."""

from dataclasses import dataclass

from .comparison import CACHED, EDGE, PAST, SMALL, SMALL_BYTES, ZONES

LIMIT_EXPLAINED = (
    "The limit is the fastest copy of as many bytes that was timed in the same run: memcpy, rep movsb, copies around "
    "the caches, the library's own walk with nothing to compute. Between two measured sizes it is taken from a "
    "straight line between the logarithms, beyond them from the nearest; close to the end of a cache it is an "
    "estimate. An operation can be faster than a copy where it reads more than it writes."
)
SAME_EXPLAINED = (
    "Same: the medians are no further apart than one function timed twice in the runs (the 90th percentile of their "
    "control, or that of the row), or the U test of Mann and Whitney over the repetitions does not tell them apart "
    "(p ≥ 0.05)."
)
PREDICTED_EXPLAINED = (
    "What llvm-mca's models say of the library's own loops within the first cache: a model's prediction, of CPUs that "
    "nobody need have. It knows ports and the width of the front end, no memory and no call, and LLVM takes an older "
    "CPU's model for some names. A vector is the instruction set's. The error is that of an operation's cost over the "
    "walk with nothing to compute, against the same ratio as measured."
)
MEAN_EXPLAINED = "Averages are geometric means over the operations and sizes that all results have."


@dataclass(frozen=True)
class Finding:
    zone: str
    heading: str
    range: str
    headline: str
    details: tuple
    limits: tuple  # of each result its share of the limit, or None


def binary(count):
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            return f"{count:.3g} {unit}"
        count /= 1024


def duration(nanoseconds):
    for unit in ("ns", "µs", "ms"):
        if nanoseconds < 1000 or unit == "ms":
            return f"{significant(nanoseconds)} {unit}"
        nanoseconds /= 1000


def significant(value):
    """Three digits, without an exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def elements(n):
    return f"{n >> 20} Mi" if n >= 1 << 20 and n % (1 << 20) == 0 else f"{n:,}"


def percent(share):
    return "–" if share is None else f"{100 * share:.0f}%"


def times(ratio):
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.1f}"


def listed(words):
    words = list(words)
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def zone_range(comparison, zone):
    small, cached, past = map(binary, (SMALL_BYTES, comparison.cached, comparison.past))
    return {
        SMALL: f"up to {small} read and written",
        CACHED: f"{small} to {cached}",
        EDGE: f"{cached} to {past}",
        PAST: f"more than {past}",
    }[zone]


def plural(count, word):
    return f"{count:,} {word}{'s' * (count != 1)}"


def count_wins(rows, letters):
    """letters: {letter: its result's index}, who wins more first."""
    counts = {letter: sum(row.best == i for row in rows) for letter, i in letters.items()}
    first, *others = letters
    parts = [f"{first} is faster in {counts[first]:,}"] + [f"{letter} in {counts[letter]:,}" for letter in others]
    return f"Of {plural(len(rows), 'case')} {', '.join(parts)}; {len(rows) - sum(counts.values()):,} are the same."


def compare_zone(comparison, zone):
    results = comparison.results
    ratios, rows = comparison.times_over(zone)
    if ratios is None:
        return "", ()
    order = sorted(range(len(results)), key=ratios.__getitem__)
    best = order[0]

    def noise(*indices):
        return max(comparison.noises[i].of_zone(zone) for i in indices)

    def same(i):
        return ratios[i] / ratios[best] - 1 <= noise(i, best)

    equals = [i for i in order if same(i)]
    letters = [results[i].letter for i in equals]
    first = letters[0]
    within = f"within the noise of {100 * noise(*equals):.1f}%"
    if len(results) == 2:
        other = order[1]
        details = (count_wins(rows, {results[i].letter: i for i in (best, other)}),)
        if same(other):
            return f"{listed(sorted(letters))} are the same {within}", details
        ratio = times(ratios[other] / ratios[best])
        return f"{first} is {ratio} times as fast as {results[other].letter}", details
    headline = f"{first} is fastest"
    if len(equals) > 1:
        headline = f"{listed(sorted(letters))} are fastest, the same {within}"
    details = [f"Over {plural(len(rows), 'case')} that all have."]
    others = [f"{results[i].letter} {times(ratios[i] / ratios[best])}" for i in order if not same(i)]
    if others:
        details.insert(0, f"Times as long take: {', '.join(others)}.")
    return headline, tuple(details)


def findings(comparison):
    found = []
    for zone in ZONES:
        limits = tuple(comparison.limit_share(i, zone) for i in range(len(comparison.results)))
        headline, details = "", ()
        if len(comparison.results) > 1:
            headline, details = compare_zone(comparison, zone)
        elif limits[0]:
            headline = f"{percent(limits[0])} of a copy's speed"
        if headline:
            heading = zone[0].upper() + zone[1:]
            found.append(Finding(zone, heading, zone_range(comparison, zone), headline, details, limits))
    return found


def lead(comparison):
    """The one sentence that remains where nothing else is read."""
    results, shown = comparison.results, {finding.zone: finding for finding in findings(comparison)}
    if len(results) == 1:
        parts = [f"{percent(shown[z].limits[0])} of a copy's speed {z}" for z in (CACHED, PAST) if z in shown]
        return f"fastrelu on {results[0].name}: {listed(parts)}." if parts else f"fastrelu on {results[0].name}."
    parts = [f"{zone}, {shown[zone].headline}" for zone in (SMALL, CACHED, PAST) if zone in shown]
    if not parts:
        return "The results have no case in common."
    sentence = "; ".join(parts).replace(f"{SMALL}, ", "in small calls, ")
    return sentence[0].upper() + sentence[1:] + "."
