"""Reads what fastrelu-bench wrote, and refuses with a reason what it did not."""

import gzip
import io
import json
import re
import sys
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy

MAX_BYTES = 64 << 20  # of a file: whole sets are some ten MiB
GZIP = b"\x1f\x8b"
LONGEST = 3.6e12  # of a call, in ns: an hour
SHORTEST = 0.01
LONGEST_LINE = 1000  # of text

NAME = re.compile(
    r"(?P<operation>[a-z][a-z0-9_]*)/(?P<dtype>(?:f|bf|s|u)\d{1,2})/(?P<contender>[a-z][a-z0-9_]*)"
    r"/n:(?P<n>[1-9]\d{0,14})"
    r"(?:/[a-z_]+(?::[0-9.]+s?)?)*"  # Google Benchmark appends its options: /repeats:9, /real_time
)

FASTRELU = "fastrelu"  # the contender that users get: the instruction set that the library chose
CONTROL, COMPILER = "control", "compiler"
YARDSTICKS = ("identity", "memcpy", "copy")  # what the set measures beside the library's operations
COPIES = ("memcpy", "copy")
ISAS = ("avx512", "avx2", "sse2", "neon", "scalar")  # best first


class Refused(Exception):
    """Why a file is not compared, as a sentence for people."""


@dataclass(frozen=True, order=True)
class Case:
    operation: str
    dtype: str
    contender: str
    n: int

    def __str__(self):
        return f"{self.operation}/{self.dtype}/{self.contender}/n:{self.n}"


@dataclass
class Result:
    path: Path
    context: dict
    times: dict  # of each case the nanoseconds of a call, one a repetition
    bytes: dict  # of each case what a call reads and writes
    labels: dict  # of a case what bounds it, where that is not a copy's rate
    letter: str = ""
    name: str = ""
    medians: dict = field(init=False)

    def __post_init__(self):
        self.medians = {case: float(numpy.median(times)) for case, times in self.times.items()}

    def text(self, key, default="unknown"):
        """A context value as it is shown."""
        value = self.context.get(key)
        return (clean(value) if value is not None else "") or default

    def embedded(self, key, default):
        """Context values are strings: lists and objects stand in them as JSON."""
        try:
            value = json.loads(self.context.get(key, ""), parse_constant=reject_constant)
        except (TypeError, ValueError, RecursionError):
            return default
        return value if isinstance(value, type(default)) else default

    @property
    def set_version(self):
        return self.text("fastrelu_set")

    @property
    def cpu(self):
        """The CPU's name without what says nothing."""
        idle = r"\((R|TM|r|tm)\)|\bCPU\b|\bProcessor\b|\b\d+-Core\b|@.*"
        name = re.sub(idle, " ", self.text("cpu_name"))
        return " ".join(name.split()) or "unknown CPU"

    @property
    def compiler(self):
        return self.text("compiler").replace("GNU", "gcc")

    @cached_property
    def isas(self):
        """The instruction sets that operations were timed on."""
        found = {case.contender for case in self.times if case.operation not in YARDSTICKS}
        return [isa for isa in ISAS if isa in found] + sorted(found - {*ISAS, CONTROL, COMPILER})

    @cached_property
    def chosen(self):
        """The instruction set that the library chose, or the best one of a part without it."""
        isas = self.isas
        mine = self.text("fastrelu_isa")
        return mine if mine in isas else isas[0]

    @property
    def cache_ends(self):
        """The bytes at which reads became slower, as felt, or as the CPU names its caches."""
        felt = [end for end in self.embedded("felt_cache_ends", []) if is_number(end) and end > 0]
        if felt:
            return sorted(felt)
        caches = self.embedded("fastrelu_info", {}).get("caches")
        named = caches.values() if isinstance(caches, dict) else ()
        return sorted(size for size in named if is_number(size) and size > 0)

    @property
    def warnings(self):
        """What spoilt the measurement: as the run itself recorded it, and as can be seen from it."""
        found = [clean(sentence) for sentence in self.embedded("warnings", [])]
        if self.text("fastrelu_set_part", ""):
            found.append(f"Only a part of the set was run: {self.text('fastrelu_set_part')}.")
        if not any(case.contender == CONTROL for case in self.times):
            found.append("The run timed nothing twice (it has no control): its noise is assumed, not measured.")
        fewest = min(len(times) for times in self.times.values())
        if fewest < 4:
            found.append(f"Some cases have {fewest} of 4 repetitions that it takes to tell a difference from noise.")
        return found


def clean(value):
    """One line without control characters, wherever the text came from."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
    return line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + "…"


def is_number(value):
    """Whether it is finite; an integer of JSON may be too large for a float."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def reject_constant(text):
    raise ValueError(f"{text} is no number")


# ---- one file ------------------------------------------------------------------------------------------------


def contents(path):
    """At most one byte more than a file may have, unpacked where it is packed."""
    try:
        with open(path, "rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Refused(error.strerror) from error
    if not raw.startswith(GZIP) or len(raw) > MAX_BYTES:
        return raw
    try:
        return gzip.GzipFile(fileobj=io.BytesIO(raw)).read(MAX_BYTES + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise Refused(f"not a whole gzip file: {error}") from error


def load(path):
    raw = contents(path)
    if len(raw) > MAX_BYTES:
        raise Refused(f"larger than {MAX_BYTES >> 20} MiB, which no result is")
    if not raw.strip():
        raise Refused("empty")
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_constant=reject_constant)
    except UnicodeDecodeError as error:
        raise Refused("not JSON: not even text") from error
    except json.JSONDecodeError as error:
        ends = error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated string")
        what = "ends in the middle of its JSON: was it cut off?" if ends else f"not JSON: {error}"
        raise Refused(what) from error
    except RecursionError as error:
        raise Refused("not JSON of a benchmark: nested too deeply") from error
    except ValueError as error:  # NaN, or an integer of thousands of digits
        raise Refused(f"not JSON: {error}") from error


def check_shape(data):
    if not isinstance(data, dict) or not isinstance(data.get("context"), dict):
        raise Refused('not a result of fastrelu-bench: no object "context"')
    if not isinstance(data.get("benchmarks"), list):
        raise Refused('not a result of fastrelu-bench: no list "benchmarks"')
    context = data["context"]
    if "fastrelu_set" not in context:
        if "fastrelu_version" in context:
            raise Refused('of a fastrelu-bench before sets had versions (no "fastrelu_set"): measure again')
        program = Path(str(context.get("executable", "an unnamed program"))).name
        raise Refused(f"a result of another benchmark, {program[:60]!r} (no \"fastrelu_set\" in its context)")
    if not isinstance(context["fastrelu_set"], str) or not context["fastrelu_set"]:
        raise Refused('"fastrelu_set" is not a version')


def number_of(entry, key, least, most):
    value = entry.get(key)
    if not is_number(value) or not least <= value <= most:
        shown = "missing" if value is None else str(value)[:40]
        raise Refused(f"{str(entry.get('name'))[:80]}: {key} is {shown}, not a number from {least:g} to {most:g}")
    return value


def case_of(entry):
    name = entry.get("run_name", entry.get("name"))
    found = NAME.fullmatch(name) if isinstance(name, str) else None
    if not found or found["contender"] == FASTRELU:
        raise Refused(f"{str(name)[:80]!r} is not a case of fastrelu-bench")
    return Case(found["operation"], found["dtype"], found["contender"], int(found["n"]))


def read(path):
    data = load(path)
    check_shape(data)
    repetitions, sizes, labels = defaultdict(dict), {}, {}
    for entry in data["benchmarks"]:
        if not isinstance(entry, dict):
            raise Refused(f"an entry of \"benchmarks\" is {str(entry)[:40]!r}, not an object")
        if entry.get("run_type", "iteration") != "iteration" or entry.get("error_occurred"):
            continue
        case = case_of(entry)
        if entry.get("time_unit") != "ns":
            raise Refused(f"{case}: time_unit is {str(entry.get('time_unit'))[:20]!r}, not 'ns'")
        # Of the thread alone: what other programs took of its core is not in it.
        time = number_of(entry, "cpu_time", SHORTEST, LONGEST)
        # Rates are over the one time that the program chose, so only their ratio says how many bytes were moved.
        rates = [number_of(entry, key, 1e-3, 1e18) for key in ("bytes_per_second", "items_per_second")]
        index = entry.get("repetition_index", 0)
        if not isinstance(index, int) or index in repetitions[case]:
            raise Refused(f"{case} has its repetition {str(index)[:20]} twice: were results merged?")
        repetitions[case][index] = time
        sizes[case] = max(1, round(case.n * rates[0] / rates[1]))
        if entry.get("label"):
            labels[case] = clean(entry["label"])
    times = {case: numpy.array([found[i] for i in sorted(found)]) for case, found in repetitions.items()}
    result = Result(path, data["context"], times, sizes, labels)
    if not result.isas:
        raise Refused("has no timed operation of the library")
    return result


# ---- several -------------------------------------------------------------------------------------------------


def read_all(paths, baseline=None):
    """The results that can be compared, and {path: why not} of the others. The set's version is the baseline's, where
    there is one, else the one of most; of as many the first one's."""
    results, refused = [], {}
    for path in paths:
        try:
            result = read(path)
            for other in results:
                same = result.times.keys() == other.times.keys()
                if same and all(numpy.array_equal(times, other.times[case]) for case, times in result.times.items()):
                    raise Refused(f"the same measurement as {other.path}")
            results.append(result)
        except Refused as reason:
            refused[path] = str(reason)
    if results and baseline not in refused:
        versions = Counter(result.set_version for result in results)
        wanted = next((r.set_version for r in results if r.path == baseline), versions.most_common(1)[0][0])
        of = "the baseline is of" if baseline else "the others are of"
        for result in [r for r in results if r.set_version != wanted]:
            refused[result.path] = (
                f"of version {result.set_version} of the set of cases, {of} {wanted}: not comparable; "
                f"measure again with the same fastrelu-bench"
            )
            results.remove(result)
    name_all(results)
    return results, refused


def name_all(results):
    """CPU and compiler, and what tells them apart where these do not."""
    for more in (lambda r: (), lambda r: (r.chosen,), lambda r: (r.path.name,), lambda r: (r.path,)):
        names = [", ".join(map(clean, (result.cpu, result.compiler, *more(result)))) for result in results]
        if len(set(names)) == len(names):
            break
    for number, (result, name) in enumerate(zip(results, names)):
        result.name = name
        result.letter = chr(ord("A") + number) if number < 26 else f"R{number + 1}"
