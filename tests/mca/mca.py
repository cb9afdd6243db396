#!/usr/bin/env python3
"""What llvm-mca says of the hot loops: cycles for each stored vector, on CPUs that need not be here. It
models the ports of a CPU and the width of its front end, and is blind to memory: it finds code that got
worse, and is never a claim about speed.

  mca.py compare --ledger gcc-12-x86.toml --kernels avx2=avx2.c.o --kernels sse2=sse2.c.o
  mca.py record  --ledger gcc-12-x86.toml --kernels avx2=avx2.c.o --kernels sse2=sse2.c.o
  mca.py predict --out predictions.json   --kernels avx2=avx2.c.o --kernels avx512=avx512.c.o

compare fails where a loop takes more cycles than the ledger says, or costs more over the identity walk than
the budget of its kernel, and notes where it takes fewer; record writes the ledger, and those budgets that are
missing or too small; predict writes what fastrelu-compare shows of CPUs that nobody measured. A loop is hot
where the gate (../gate) sees one: innermost, with a vector store that is not to the stack."""
import argparse
import json
import math
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "gate"))

import aarch64  # noqa: E402 (of the gate)
import disassembly  # noqa: E402
import rules  # noqa: E402
import x86  # noqa: E402
from expectations import LARGE, Expectations, small  # noqa: E402
from isa import Flow  # noqa: E402

# LLVM 14 has no model of znver4, and models neoverse-n1 as Cortex-A57.
CPUS = {
    "sse2": ("haswell", "znver3", "icelake-server"),
    "avx2": ("haswell", "znver3", "icelake-server"),
    "avx512": ("icelake-server",),
    "neon": ("cortex-a55", "neoverse-n1"),
}
# The CPUs of predict, and what the library chooses on them; LLVM 14 has none of the last two Zens.
PREDICTED = {
    "haswell": "avx2",
    "skylake-avx512": "avx512",
    "icelake-server": "avx512",
    "znver2": "avx2",
    "znver3": "avx2",
    "znver4": "avx512",
    "znver5": "avx512",
    "cortex-a55": "neon",
    "cortex-a76": "neon",
    "neoverse-n1": "neon",
    "apple-m1": "neon",
}
FULL_WIDTH = x86.FULL_WIDTH | aarch64.FULL_WIDTH
TRIPLES = {True: "x86_64-linux-gnu", False: "aarch64-linux-gnu"}  # by Binary.x86

FACTOR, CYCLES = 1.15, 0.5  # a figure grew, or fell, where it did by both
STEP = 0.25  # what budgets are rounded up to
DIGITS = 2  # of a figure in the ledger

SKIPPED = 77  # for ctest a test that was skipped

LEDGER_HEAD = """\
# Cycles for each stored vector in the hot loops, by llvm-mca, written by mca.py record: of each kernel how
# many vectors its loops store in an iteration, most first, and the figure of each loop on each CPU; of loops
# that store as many the fastest first.
"""
BUDGETS_HEAD = """\
# What each kernel's batch loop may cost over the identity walk of its instruction set: cycles for each stored
# vector by llvm-mca, on the CPU and with the compiler where it is most, rounded up to quarters. A row serves
# the kernel for large calls too. mca.py record adds rows and raises them; what became too large is lowered by
# deleting its row and recording with each compiler."""


@dataclass(frozen=True)
class Loop:
    isa: str
    kernel: str  # the function, without what the compiler appends to a clone
    x86: bool
    vectors: float  # stored in an iteration
    lines: tuple  # its instructions, for llvm-mca


# ---- the loops ---------------------------------------------------------------------------------------------


def assembly(instruction, flow):
    """As the assembler reads it: where a jump leads, or what aarch64's adr and adrp point to, is none of llvm-mca's
    business, but it wants a name. binutils before 2.41 leaves out the comma before {sae}."""
    if flow in (Flow.BRANCH, Flow.JUMP) or instruction.mnemonic in ("adr", "adrp"):
        operands = [*instruction.operands[:-1], "away"]
        return f"{instruction.mnemonic} {', '.join(operands)}"
    return re.sub(r"(?<![, ]){sae}", ", {sae}", instruction.text)


def only_fetches(code, block):
    """Whether a block is there for what memory it has under way, of which the model knows nothing."""
    return any("prefetch" in i.mnemonic for i in code.instructions([block])) and not code.stores([block])


def loops_of(kernels):
    """The hot loops of a kernel object. Each of their instructions counts once, as if no branch within were
    taken, but for a block that only fetches ahead. Left out are those with a call, which is not modelled, and
    which the gate allows only where kernels work on sums on the stack."""
    flow, full = kernels.architecture.flow, kernels.architecture.FULL_WIDTH[kernels.isa]
    for _, code in sorted(kernels.codes.items()):
        for _, blocks in sorted(code.hot_loops().items()):
            blocks = [block for block in blocks if not only_fetches(code, block)]
            instructions = sorted(code.instructions(blocks), key=lambda i: i.place)
            flows = [flow(i) for i in instructions]
            if Flow.CALL in flows:
                continue
            stored = sum(access.bytes * access.registers for _, access in code.stores(blocks))
            lines = tuple(map(assembly, instructions, flows))
            yield Loop(kernels.isa, code.kernel, kernels.binary.x86, stored / full, lines)


def read_loops(objdump, isa, path):
    found = [
        loop for binary in disassembly.read(objdump, path) for loop in loops_of(rules.Kernels(binary, isa))
    ]
    if not found:
        raise SystemExit(f"{path}: no hot loop of {isa} found")
    return found


# ---- llvm-mca ----------------------------------------------------------------------------------------------


def run_mca(llvm_mca, *arguments, source=None):
    done = subprocess.run([llvm_mca, *arguments], input=source, capture_output=True, text=True)
    if done.returncode or "not a recognized processor" in done.stderr:
        raise SystemExit(f"{llvm_mca} {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def llvm_version(llvm_mca):
    """The major version: its models are others in the next one."""
    text = run_mca(llvm_mca, "--version")
    found = re.search(r"LLVM version (\d+)", text)
    if not found:
        raise SystemExit(f"{llvm_mca} --version says no version of LLVM: {text.strip()}")
    return int(found[1])


def known_cpus(llvm_mca, x86):
    """Those that this LLVM has a name for."""
    arguments = [llvm_mca, f"-mtriple={TRIPLES[x86]}", "-mcpu=help"]
    done = subprocess.run(arguments, input="", capture_output=True, text=True)
    return set(re.findall(r"^  (\S+) +- Select", done.stdout + done.stderr, flags=re.MULTILINE))


def throughputs(llvm_mca, cpu, loops):
    """Each loop's reciprocal throughput on a CPU: the cycles of an iteration where none waits for another,
    which the busiest port or the front end decides. Not those of a simulation: it models buffers and a cache
    that is always hit, and its figure moves with both. What is not seen is a chain from one iteration to the
    next: the walks have none but pointers and the bits of a mask, the sums over channels do."""
    x86 = loops[0].x86
    lines = [".intel_syntax noprefix"] if x86 else []
    for number, loop in enumerate(loops):  # (by `//`, aarch64's comment, LLVM 14 finds no regions)
        lines += [f"# LLVM-MCA-BEGIN {number}", *loop.lines, "# LLVM-MCA-END"]
    arguments = [f"-mtriple={TRIPLES[x86]}", f"-mcpu={cpu}", "-iterations=1"]
    views = ["-instruction-info=0", "-resource-pressure=0", "-json"]
    regions = json.loads(run_mca(llvm_mca, *arguments, *views, source="\n".join(lines) + "\n"))["CodeRegions"]
    found = [(region["Name"], region["SummaryView"]["Instructions"]) for region in regions]
    if found != [(str(number), len(loop.lines)) for number, loop in enumerate(loops)]:
        raise SystemExit(f"{llvm_mca} does not answer for the {len(loops)} loops that it was given")
    return [region["SummaryView"]["BlockRThroughput"] for region in regions]


def measure(llvm_mca, loops, cpus=CPUS):
    """{isa: {kernel: {"vectors": [of each loop], cpu: [cycles for each stored vector], ...}}}, as in the
    ledger."""
    figures = {}
    for isa in sorted({loop.isa for loop in loops}):
        if isa not in cpus:
            raise SystemExit(f"no CPU is known that runs {isa}: give it one in CPUS of tests/mca/mca.py")
        mine, kernels = [loop for loop in loops if loop.isa == isa], defaultdict(dict)
        for cpu in cpus[isa]:
            found = defaultdict(list)
            for loop, cycles in zip(mine, throughputs(llvm_mca, cpu, mine)):
                found[loop.kernel].append((-loop.vectors, round(cycles / loop.vectors, DIGITS)))
            for kernel, pairs in found.items():
                pairs.sort()
                kernels[kernel]["vectors"] = [-vectors for vectors, _ in pairs]
                kernels[kernel][cpu] = [cycles for _, cycles in pairs]
        figures[isa] = dict(kernels)
    return figures


# ---- the ledger --------------------------------------------------------------------------------------------


def numbers(values):
    return ", ".join(f"{value:g}" for value in values)


def compare(ledger, figures):
    """What got worse, and what else is to be said."""
    faults, notices = [], []
    for isa, kernels in figures.items():
        expected = ledger.get(isa, {})
        for kernel, found in kernels.items():
            if kernel not in expected:
                faults.append(f"{isa} {kernel} is not in the ledger")
                continue
            before = expected[kernel]
            if found["vectors"] != before["vectors"]:
                text = f"stores {numbers(found['vectors'])} vectors in its loops"
                faults.append(f"{isa} {kernel} {text}, in the ledger {numbers(before['vectors'])}")
                continue
            for cpu in CPUS[isa]:
                if cpu not in before:
                    faults.append(f"{isa} {kernel} on {cpu} is not in the ledger")
                    continue
                for vectors, old, new in zip(found["vectors"], before[cpu], found[cpu]):
                    text = (
                        f"{isa} {kernel} on {cpu}: {old:.2f} -> {new:.2f} cycles for each stored vector"
                        f" ({100 * (new - old) / old:+.0f}%), in a loop that stores {vectors:g}"
                    )
                    if new > old * FACTOR and new > old + CYCLES:
                        faults.append(text)
                    elif new * FACTOR < old and new + CYCLES < old:
                        notices.append(text)
        for kernel in sorted(expected.keys() - kernels.keys()):
            notices.append(f"{isa} {kernel} is in the ledger, but has no hot loop here")
    return faults, notices


def write_ledger(path, version, figures):
    lines = [LEDGER_HEAD, f"llvm = {version}"]
    for isa, kernels in sorted(figures.items()):
        lines += ["", f"[{isa}]"]
        for kernel, found in sorted(kernels.items()):
            columns = [f"{key} = [{numbers(values)}]" for key, values in found.items()]
            lines.append(f"{kernel} = {{ {', '.join(columns)} }}")
    path.write_text("\n".join(lines) + "\n")


# ---- budgets over identity ---------------------------------------------------------------------------------


def batch_figures(found, cpu):
    """Of the loops that store most vectors; none where those store one, which are no batch of a walk."""
    most = max(found["vectors"])
    return [figure for vectors, figure in zip(found["vectors"], found[cpu]) if vectors == most > 1]


def costs(isa, kernels, has_scratch):
    """What the batch loops cost over identity's, {kernel: (cycles, CPU)} where it is most; large calls are
    held beside large calls, those in place beside one in place. What works on sums on the stack has no such
    loop."""
    worst = {}
    for kernel, found in kernels.items():
        row = small(kernel)
        if has_scratch(row) or row.startswith("identity_"):
            continue
        large = LARGE.search(kernel)
        walk = f"identity{large[0] if large else '_'}W32"
        identity = kernels[walk if walk in kernels else "identity_W32"]
        for cpu in CPUS[isa]:
            for figure in batch_figures(found, cpu):
                cost = round(figure - max(batch_figures(identity, cpu)), DIGITS)
                worst[row] = max(worst.get(row, (-math.inf, "")), (cost, cpu))
    return worst


def over_budget(budgets, isa, found):
    """found: what costs() gave."""
    for kernel, (cost, cpu) in found.items():
        budget = budgets.get(kernel, {}).get(isa)
        if budget is None:
            yield (
                f"{isa} {kernel} has no budget in budgets.toml; on {cpu} it is at identity + {cost:.2f}"
                f" cycles for each stored vector"
            )
        elif cost > budget:
            yield (
                f"{isa} {kernel} on {cpu}: identity + {cost:.2f} cycles for each stored vector, in"
                f" budgets.toml identity + {budget:.2f} ({cost - budget:+.2f})"
            )


def raise_budgets(budgets, isa, found):
    for kernel, (cost, _) in found.items():
        needed = max(math.ceil(cost / STEP) * STEP, 0)
        budgets.setdefault(kernel, {})
        budgets[kernel][isa] = max(budgets[kernel].get(isa, 0), needed)


def write_budgets(path, budgets):
    lines = [BUDGETS_HEAD, ""]
    for kernel, of in sorted(budgets.items()):
        columns = [f"{isa} = {of[isa]:g}" for isa in sorted(of)]
        lines.append(f"{kernel} = {{ {', '.join(columns)} }}")
    path.write_text("\n".join(lines) + "\n")


# ---- commands ----------------------------------------------------------------------------------------------


def read_toml(path):
    return tomllib.loads(path.read_text()) if path.exists() else {}


def measure_all(options):
    return measure(options.llvm_mca, [l for k in options.kernels for l in read_loops(options.objdump, *k)])


def run_compare(options):
    version, ledger = llvm_version(options.llvm_mca), read_toml(options.ledger)
    if not ledger:
        print(f"no ledger {options.ledger.name}: not compared; to make it: {options.accept}")
        return SKIPPED
    if ledger["llvm"] != version:
        print(
            f"{options.ledger.name} is of LLVM {ledger['llvm']}, {options.llvm_mca} of {version}, which has"
            f" other models: not compared; to record it with this one: {options.accept}"
        )
        return SKIPPED
    figures, budgets = measure_all(options), read_toml(options.budgets)
    faults, notices = compare(ledger, figures)
    for isa, kernels in figures.items():
        faults += over_budget(budgets, isa, costs(isa, kernels, options.has_scratch))
    for notice in notices:
        print(f"notice: {notice}")
    for fault in faults:
        print(fault)
    if faults:
        print(
            f"{len(faults)} faults; a figure may grow by {FACTOR - 1:.0%} or {CYCLES} cycles, whichever is"
            f" more. Where that is meant: {options.accept}"
        )
    elif notices:
        print(f"To bring {options.ledger.name} up to date: {options.accept}")
    return 1 if faults else 0


def run_record(options):
    figures, budgets = measure_all(options), read_toml(options.budgets)
    for isa, kernels in figures.items():
        found = costs(isa, kernels, options.has_scratch)
        for line in over_budget(budgets, isa, found):
            print(f"budget: {line}")
        raise_budgets(budgets, isa, found)
    write_ledger(options.ledger, llvm_version(options.llvm_mca), figures)
    write_budgets(options.budgets, budgets)
    print(f"wrote {options.ledger} and {options.budgets}")
    return 0


def run_predict(options):
    """Cycles for each stored vector of the f32 kernels' batch loops, of calls that are not large."""
    loops = [l for k in options.kernels for l in read_loops(options.objdump, *k)]
    loops = [l for l in loops if re.search("_[WF]32$", l.kernel) and small(l.kernel) == l.kernel]
    known = known_cpus(options.llvm_mca, loops[0].x86)
    cpus = defaultdict(tuple)
    for cpu, isa in PREDICTED.items():
        if cpu in known and isa in dict(options.kernels):
            cpus[isa] += (cpu,)
    figures = measure(options.llvm_mca, [l for l in loops if l.isa in cpus], cpus)
    predictions = {}
    for isa, kernels in figures.items():
        for cpu in cpus[isa]:
            found = {kernel.rsplit("_", 1)[0]: batch_figures(figure, cpu) for kernel, figure in sorted(kernels.items())}
            cycles = {operation: min(of) for operation, of in found.items() if of}
            predictions[cpu] = {"isa": isa, "vector_bytes": FULL_WIDTH[isa], "cycles": cycles}
    text = json.dumps({"llvm": llvm_version(options.llvm_mca), "predictions": predictions}, indent=1)
    options.out.write_text(text + "\n")
    print(f"wrote {options.out}: {', '.join(predictions)}")
    return 0


def kernels_argument(text):
    isa, _, path = text.partition("=")
    return isa, path


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    for name, run in (("compare", run_compare), ("record", run_record), ("predict", run_predict)):
        command = commands.add_parser(name)
        command.set_defaults(run=run)
        command.add_argument("--llvm-mca", default="llvm-mca")
        command.add_argument("--objdump", default="objdump", help="binutils' objdump for the target")
        command.add_argument(
            "--kernels",
            action="append",
            required=True,
            type=kernels_argument,
            metavar="ISA=OBJECT",
            help="a kernel file's object",
        )
        if run is run_predict:
            command.add_argument("--out", type=Path, required=True)
            continue
        command.add_argument("--ledger", type=Path, required=True, help="of this compiler")
        command.add_argument("--budgets", type=Path, default=Path(__file__).with_name("budgets.toml"))
        command.add_argument("--accept", default="mca.py record", help="the command to name")
    options = parser.parse_args(arguments)
    options.kernels = [pair for pair in options.kernels if pair[0] != rules.SCALAR]
    if options.run is not run_predict:
        options.has_scratch = Expectations(options.ledger.stem).has_scratch
    return options.run(options)


if __name__ == "__main__":
    sys.exit(main())
