"""The comparison in words, and numbers as people read them."""

from dataclasses import dataclass

from .comparison import CACHED, EDGE, LOUD, PAST, SMALL, SMALL_BYTES, ZONES

FEW = 3  # cases: fewer are no average
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
MEAN_EXPLAINED = (
    "Averages are geometric means over the operations and sizes that all results have. Operations that compute, sum or "
    "count more than relu stay below a copy while the caches are fast; each one's percentage is below."
)


@dataclass(frozen=True)
class Finding:
    zone: str
    heading: str
    range: str
    headline: str
    details: tuple
    limits: tuple  # of each result its share of the limit, or None
    cases: int  # that all have


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


def capital(text):
    return text[0].upper() + text[1:]


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
    """What a zone's averages say, and figures to it; nothing where the results have no case of it in common."""
    results = comparison.results
    ratios, rows = comparison.times_over(zone)
    if not rows:
        return "", ()
    order = sorted(range(len(results)), key=ratios.__getitem__)
    best = order[0]

    def noise(i):
        return max(comparison.noises[j].of_zone(zone) for j in (i, best))

    def slower(i):
        return ratios[i] / ratios[best]

    equals = [i for i in order if slower(i) - 1 <= noise(i)]
    letters = listed(sorted(results[i].letter for i in equals))
    level = max(map(noise, equals))
    alike = "cannot be told apart" if level > LOUD else "are the same"
    details = [f"The noise is {100 * level:.1f}%."] if len(equals) > 1 else []
    if len(results) == 2:
        details.insert(0, count_wins(rows, {results[i].letter: i for i in order}))
        if len(equals) == 2:
            return f"{letters} {alike}", tuple(details)
        return f"{letters} is {times(slower(order[1]))} times as fast as {results[order[1]].letter}", tuple(details)
    others = [f"{results[i].letter} {times(slower(i))}" for i in order if i not in equals]
    details = [f"Over {plural(len(rows), 'case')} that all have.", *details]
    if others:
        details.insert(0, f"Times as long take: {', '.join(others)}.")
    if len(equals) == 1:
        return f"{letters} is fastest", tuple(details)
    if not others:
        return f"{letters} {alike}", tuple(details)
    either = letters.replace(" and ", " or ")
    headline = f"{either} is fastest, the noise hides which" if level > LOUD else f"{letters} {alike}, and fastest"
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
            cases = len(comparison.times_over(zone)[1])
            found.append(Finding(zone, capital(zone), zone_range(comparison, zone), headline, details, limits, cases))
    return found


def lead(comparison):
    """The one sentence that remains where nothing else is read."""
    results, shown = comparison.results, {finding.zone: finding for finding in findings(comparison)}
    if len(results) == 1:
        parts = [f"{percent(shown[z].limits[0])} of a copy's speed {z}" for z in (CACHED, PAST) if z in shown]
        return f"fastrelu on {results[0].name}: {listed(parts)}." if parts else f"fastrelu on {results[0].name}."
    said = {}  # {headline: its zones}
    for zone in (SMALL, CACHED, PAST):
        if zone in shown and shown[zone].cases >= FEW:
            where = f"in {zone}" if zone == SMALL else zone
            said.setdefault(shown[zone].headline, []).append(where)
    if not said:
        return "The results have too few cases in common to say who is faster."
    return " ".join(f"{capital(listed(zones))}, {headline}." for headline, zones in said.items())
