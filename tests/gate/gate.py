#!/usr/bin/env python3
"""Disassembles what was built, and fails where it breaks a rule about speed or safety that needs no clock.

  gate.py --compiler gcc-12 --kernels avx2=avx2.c.o --kernels sse2=sse2.c.o --baseline api.c.o --library a.so

The builds meant are optimised ones without sanitizers or coverage. rules.py has the rules, kernels.toml and
features.toml what they expect."""
import argparse
import sys
from collections import Counter

import disassembly
import rules
from expectations import Expectations

# The kernel files that may use more than the baseline.
BUNDLES = {"avx2.c": "avx2", "avx512.c": "avx512"}


def check_kernels(objdump, isa, path, expectations):
    for binary in disassembly.read(objdump, path):
        yield from rules.check_kernel_object(binary, isa, expectations)


def check_baseline(objdump, path):
    for binary in disassembly.read(objdump, path):
        yield from rules.check_instructions(binary, lambda _: "baseline")


def check_library(objdump, path):
    """The linker keeps beside each static function the name of its file; all other code is baseline."""
    for binary in disassembly.read(objdump, path):
        if not binary.symbols:
            message = (
                "stripped: which file its functions come from cannot be told; give the one that was built"
            )
            yield rules.Finding(binary.name, "stripped", message)
        else:
            yield from rules.check_instructions(
                binary, lambda function: BUNDLES.get(function.source, "baseline")
            )


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--objdump", default="objdump", help="binutils' objdump for the target")
    parser.add_argument("--compiler", required=True, help="family and major version, as gcc-12 or clang-19")
    parser.add_argument(
        "--kernels", action="append", default=[], metavar="ISA=OBJECT", help="a kernel file's object"
    )
    parser.add_argument("--baseline", nargs="*", default=[], help="objects that run on every CPU")
    parser.add_argument("--library", nargs="*", default=[], help="the shared and the static library")
    parser.add_argument("--record", action="store_true", help="write the spills found to spills.toml")
    options = parser.parse_args(arguments)
    if not options.kernels:
        parser.error("no --kernels: nothing to check")

    expectations = Expectations(options.compiler)
    findings = []
    for kernels in options.kernels:
        isa, path = kernels.split("=", 1)
        findings += check_kernels(options.objdump, isa, path, expectations)
    if options.record:
        expectations.record_spills([kernels.split("=", 1)[0] for kernels in options.kernels])
        findings = [finding for finding in findings if finding.rule != "spill"]
    for path in options.baseline:
        findings += check_baseline(options.objdump, path)
    for path in options.library:
        findings += check_library(options.objdump, path)

    for notice in expectations.notices:
        print(f"notice: {notice}")
    for finding in findings:
        print(finding)
    if findings:
        counts = ", ".join(
            f"{count} {rule}" for rule, count in Counter(f.rule for f in findings).most_common()
        )
        print(f"{len(findings)} faults: {counts}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
