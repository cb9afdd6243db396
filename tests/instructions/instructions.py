#!/usr/bin/env python3
"""Instructions per call of the public functions, counted by count_instructions: speed without a clock.

  instructions.py compare --ledger gcc-12-x86.toml --program count_instructions
  instructions.py record  --ledger gcc-12-x86.toml --program count_instructions
  instructions.py sawtooth --program count_instructions

compare fails where a call takes more instructions than the ledger says, and notes where it takes fewer;
record writes the ledger. sawtooth needs none: it fails where a length takes more instructions than the next
whole number of vectors.

What follows the dtype in an operation's name says which n elements they are: -4x1 and -2x7 those of a shape
(four channels as NHWC; two channels in runs of seven), -half and -eighth with so many of them active. Where
that is not in SAWTOOTH_EACH there is no rule against sawteeth: of a shape the kernel's vectors are not the
tensor's, and relu_expand has none."""
import argparse
import concurrent.futures
import os
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

LENGTHS = (0, 1, 16, 17, 64, 100, 1000)
SCALAR_LENGTHS = LENGTHS[:-1]  # at 1000 a third of all steps, and ten times what 100 says

GROWTH, MORE = 0.05, 2  # what a count may grow by: a share of it, and instructions
SAWTOOTH = 15  # what a length may take more than a whole number of vectors
# And for each element of less than a vector, and of what is behind whole ones, by what follows the dtype in the
# operation's name. On ISAs that cannot store a part of a vector relu_compress goes element by element there, and behind
# whole vectors that had few to remove.
SAWTOOTH_EACH = {"": (0, 0), "-half": (15, 4)}

# Of the ISAs that work on vectors.
VECTOR_BYTES = {"avx512": 64, "avx2": 32, "sse2": 16, "neon": 16}
# One type for each width of elements that makes vectors of many. The others take the same walks; f16, where it
# is software, would cost more time than all else.
SAWTOOTH_DTYPES = {"f32": 4, "bf16": 2, "s8": 1}
# Two rounds of the largest batch (8 vectors), a vector at either end, and some: what follows repeats itself.
SAWTOOTH_VECTORS = 20

CANNOT_TRACE = 77  # for ctest a test that was skipped


class CannotTrace(Exception):
    pass


def usable_isas(program):
    return subprocess.run([program], stdout=subprocess.PIPE, text=True, check=True).stdout.split()


def count(program, isa, pattern, lengths):
    """{operation: [instructions for each length]}"""
    command = [program, isa, pattern, *map(str, lengths)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode == CANNOT_TRACE:
        raise CannotTrace
    done.check_returncode()
    lines = [line.split() for line in done.stdout.splitlines()]
    return {name: [int(number) for number in numbers] for name, *numbers in lines}


def count_all(program, jobs):
    """The counts of each (isa, pattern, lengths), in parallel. Both ends of a trace on one CPU: they take
    turns, and are three times as fast as on two."""
    cpus = sorted(os.sched_getaffinity(0))

    def some(cpu):  # `left` is shared: whichever CPU is free takes the next
        os.sched_setaffinity(0, {cpu})  # of this thread
        return [(number, count(program, *job)) for number, job in left]

    left = iter(list(enumerate(jobs)))
    with concurrent.futures.ThreadPoolExecutor(len(cpus)) as pool:
        counted = dict(pair for pairs in pool.map(some, cpus) for pair in pairs)
    return [counted[number] for number in range(len(jobs))]


# ---- the ledger --------------------------------------------------------------------------------------------


def lengths_of(isa):
    return SCALAR_LENGTHS if isa == "scalar" else LENGTHS


def count_ledger(program, only):
    """{isa: {operation: counts}}"""
    isas = usable_isas(program)
    # What takes the longest first, so that the CPUs end together.
    jobs = [(isa, only, [n]) for n in reversed(LENGTHS) for isa in reversed(isas) if n in lengths_of(isa)]
    counted = {isa: defaultdict(list) for isa in isas}
    for (isa, _, _), operations in reversed(list(zip(jobs, count_all(program, jobs)))):
        for operation, counts in operations.items():
            counted[isa][operation] += counts
    return counted


def compare(ledger, counted):
    """What got worse, and what else is to be said."""
    faults, notices = [], []
    for isa, operations in counted.items():
        for operation, counts in operations.items():
            expected = ledger.get(isa, {}).get(operation)
            if expected is None or len(expected) != len(counts):
                notices.append(f"{isa} {operation} is not in the ledger")
                continue
            for n, now, before in zip(lengths_of(isa), counts, expected):
                call = f"{isa} {operation}, n = {n}"
                text = f"{call}: {now} instructions, {now - before:+} to the ledger's {before}"
                if now > before + GROWTH * before + MORE:
                    faults.append(f"{text} ({100 * (now - before) / before:+.0f}%)")
                elif now < before - GROWTH * before - MORE:
                    notices.append(text)
    return faults, notices


def write_ledger(path, counted):
    """An ISA that this machine lacks stays as it was."""
    known = tomllib.loads(path.read_text()) if path.exists() else {}
    lines = [
        "# Instructions a call, written by instructions.py record: for each operation those at",
        f"# n = {', '.join(map(str, LENGTHS))}, or at the first of these.",
    ]
    for isa in sorted(known | counted):
        lines += ["", f"[{isa}]"]
        operations = counted.get(isa) or known[isa]
        lines += [f"{operation} = {operations[operation]}" for operation in sorted(operations)]
    path.write_text("\n".join(lines) + "\n")


# ---- no sawtooth -------------------------------------------------------------------------------------------


def sawtooth_lengths(lanes):
    """Every length up to a vector; then each whole number of vectors and one element less, where a tail done
    by elements, or by anything shorter than a vector, is at its longest."""
    whole = range(lanes, SAWTOOTH_VECTORS * lanes + 1, lanes)
    return sorted({*range(1, lanes), *whole, *(n - 1 for n in whole if n > 1)})


def teeth(counts, lanes, each=(0, 0)):
    """counts: {n: instructions}. The lengths that take over 15 more than the next whole number of vectors, so
    that padding the tensor would pay, and over `each` for each element behind the last one; each with its
    count, that number, and the count there. A loop over the elements behind a batch of vectors shows at the
    latest one element short of another batch. How whole vectors are done is left open: with some compilers
    three one by one take a little more than a batch of four."""
    for n, cost in counts.items():
        whole = (n + lanes - 1) // lanes * lanes
        if cost > counts[whole] + SAWTOOTH + each[n > lanes] * (n % lanes):
            yield n, cost, whole, counts[whole]


def find_sawteeth(program, only):
    """For each operation that has some, its worst."""
    jobs, rules = [], []
    for isa in usable_isas(program):
        if isa == "scalar":  # its vector is one element
            continue
        for dtype, size in SAWTOOTH_DTYPES.items():
            lanes = VECTOR_BYTES[isa] // size
            for ending, each in SAWTOOTH_EACH.items():
                rules.append((lanes, each))
                jobs.append((isa, f"{only}_{dtype}{ending}", sawtooth_lengths(lanes)))
    faults = []
    for (isa, _, lengths), (lanes, each), operations in zip(jobs, rules, count_all(program, jobs)):
        for operation, counts in operations.items():
            found = list(teeth(dict(zip(lengths, counts)), lanes, each))
            if found:
                n, cost, whole, less = max(found, key=lambda tooth: tooth[1] - tooth[3])
                faults.append(
                    f"{isa} {operation}, n = {n}: {cost} instructions, {cost - less} more than the {less}"
                    f" for n = {whole}, {whole // lanes} whole vectors ({len(found)} lengths like this)"
                )
    return faults


# ---- commands ----------------------------------------------------------------------------------------------


def run_compare(options):
    if not options.ledger.exists():
        print(f"notice: no ledger {options.ledger.name}; to make it: {options.accept}")
        return 0
    ledger = tomllib.loads(options.ledger.read_text())
    counted = count_ledger(options.program, options.only)
    faults, notices = compare(ledger, counted)
    for isa in sorted(ledger.keys() - counted.keys()):
        notices.append(f"{isa} is in the ledger, but not usable here")
    for notice in notices:
        print(f"notice: {notice}")
    for fault in faults:
        print(fault)
    if faults:
        grew = f"{len(faults)} counts grew by more than {GROWTH:.0%} and {MORE}"
        print(f"{grew}. Where that is meant: {options.accept}")
    elif notices:
        print(f"To bring {options.ledger.name} up to date: {options.accept}")
    return 1 if faults else 0


def run_record(options):
    write_ledger(options.ledger, count_ledger(options.program, "*"))
    print(f"wrote {options.ledger}")
    return 0


def run_sawtooth(options):
    faults = find_sawteeth(options.program, options.only)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    for name, run in (("compare", run_compare), ("record", run_record), ("sawtooth", run_sawtooth)):
        command = commands.add_parser(name)
        command.set_defaults(run=run)
        command.add_argument("--program", required=True, help="count_instructions")
        command.add_argument("--require", action="store_true", help="fail where ptrace is not permitted")
        if name != "sawtooth":
            command.add_argument("--ledger", type=Path, required=True, help="of this compiler")
        if name != "record":
            command.add_argument("--only", default="*", help="a pattern of operations' names")
        if name == "compare":
            command.add_argument("--accept", default="instructions.py record", help="the command to name")
    options = parser.parse_args(arguments)
    try:
        return options.run(options)
    except CannotTrace:
        print("ptrace is not permitted here: instructions cannot be counted")
        return 1 if options.require else CANNOT_TRACE


if __name__ == "__main__":
    sys.exit(main())
