#!/usr/bin/env python3
"""Proves that the checks of instructions.py can fail. The environment names what was built:
COUNT_INSTRUCTIONS, and SCALAR_TAIL, a relu_f32 to preload that ends in a loop over elements."""
import contextlib
import io
import os
import tempfile
import tomllib
import unittest
from pathlib import Path
from unittest import mock

import instructions

PROGRAM = os.environ["COUNT_INSTRUCTIONS"]


def run(*arguments):
    """The exit status and what was printed."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        status = instructions.main(arguments)
    return status, output.getvalue()


class Compare(unittest.TestCase):
    def check(self, now, before):
        counts = [before] * len(instructions.LENGTHS)
        grown = [before] * (len(counts) - 1) + [now]
        return instructions.compare({"avx2": {"relu_f32": counts}}, {"avx2": {"relu_f32": grown}})

    def test_within_the_allowance(self):
        for now in (93, 100, 107):
            self.assertEqual(self.check(now, 100), ([], []))

    def test_more_is_a_fault(self):
        (fault,), notices = self.check(108, 100)
        self.assertEqual(fault, "avx2 relu_f32, n = 1000: 108 instructions, +8 to the ledger's 100 (+8%)")
        self.assertEqual(notices, [])

    def test_less_is_a_notice(self):
        faults, (notice,) = self.check(92, 100)
        self.assertEqual(notice, "avx2 relu_f32, n = 1000: 92 instructions, -8 to the ledger's 100")
        self.assertEqual(faults, [])

    def test_an_operation_without_entry_is_a_notice(self):
        faults, (notice,) = instructions.compare({"avx2": {}}, {"avx2": {"relu_f32": [1]}})
        self.assertEqual((faults, notice), ([], "avx2 relu_f32 is not in the ledger"))


class Sawtooth(unittest.TestCase):
    def test_a_length_above_the_next_whole_vector(self):
        self.assertEqual(list(instructions.teeth({7: 55, 8: 40, 15: 56, 16: 40}, 8)), [(15, 56, 16, 40)])

    def test_elements_that_may_be_done_one_by_one(self):
        self.assertEqual(list(instructions.teeth({3: 90, 7: 150, 8: 30}, 8, (15, 0))), [])
        found = list(instructions.teeth({3: 91, 7: 151, 8: 30}, 8, (15, 0)))
        self.assertEqual(found, [(3, 91, 8, 30), (7, 151, 8, 30)])

    def test_a_longer_tensor_may_cost_more(self):
        self.assertEqual(list(instructions.teeth({7: 40, 8: 40, 15: 90, 16: 90}, 8)), [])


class Commands(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.ledger = self.folder / "ledger.toml"

    def compare(self, *more):
        return run(
            *("compare", "--program", PROGRAM, "--ledger", str(self.ledger), "--only", "relu_f32"),
            *("--accept", "record it", *more),
        )

    def record(self):
        instructions.write_ledger(self.ledger, instructions.count_ledger(PROGRAM, "relu_f32"))
        return tomllib.loads(self.ledger.read_text())

    def test_what_was_recorded_is_met_again(self):
        self.record()
        self.assertEqual(self.compare(), (0, ""))

    def test_a_ledger_that_is_too_low_fails_and_one_that_is_too_high_asks(self):
        ledger = self.record()
        for isa, operations in ledger.items():
            operations["relu_f32"][2] //= 2
        instructions.write_ledger(self.ledger, ledger)
        status, output = self.compare()
        self.assertEqual(status, 1)
        for isa in ledger:
            self.assertIn(f"\n{isa} relu_f32, n = 16: ", "\n" + output)
        self.assertIn(
            f"{len(ledger)} counts grew by more than 5% and 2. Where that is meant: record it", output
        )
        for isa, operations in ledger.items():
            operations["relu_f32"][2] *= 4
        instructions.write_ledger(self.ledger, ledger)
        status, output = self.compare()
        self.assertEqual(status, 0)
        self.assertIn("To bring ledger.toml up to date: record it", output)

    def test_counts_stand_in_the_order_of_the_lengths(self):
        for isa, operations in instructions.count_ledger(PROGRAM, "prelu_f[36]*-4x1").items():
            lengths = instructions.lengths_of(isa)
            self.assertEqual(operations, instructions.count(PROGRAM, isa, "prelu_f[36]*-4x1", lengths))
            self.assertEqual(len(operations["prelu_f32-4x1"]), len(lengths))
            self.assertLess(len(operations["prelu_f64-4x1"]), len(lengths))

    def test_without_ledger_it_asks(self):
        self.assertEqual(self.compare(), (0, "notice: no ledger ledger.toml; to make it: record it\n"))

    def test_isas_that_are_not_usable_stay(self):
        self.ledger.write_text("[abacus]\nrelu_f32 = [1]\n")
        self.assertEqual(self.record()["abacus"], {"relu_f32": [1]})
        self.assertEqual(self.compare()[0], 0)

    def test_a_loop_over_the_last_elements(self):
        self.assertEqual(run("sawtooth", "--program", PROGRAM, "--only", "relu"), (0, ""))
        vectors = [isa for isa in instructions.usable_isas(PROGRAM) if isa != "scalar"]
        with mock.patch.dict(os.environ, LD_PRELOAD=os.environ["SCALAR_TAIL"]):
            status, output = run("sawtooth", "--program", PROGRAM, "--only", "relu")
        self.assertEqual(status, 1 if vectors else 0)
        found = [line.split(",")[0] for line in output.splitlines()]
        self.assertEqual(found, [f"{isa} relu_f32" for isa in vectors])

    def test_where_ptrace_is_not_permitted(self):
        refuses = self.folder / "refuses"
        refuses.write_text("#!/bin/sh\n[ $# -eq 0 ] && echo scalar && exit\nexit 77\n")
        refuses.chmod(0o755)
        self.record()
        for command in ("compare", "record"):
            arguments = (command, "--ledger", str(self.ledger), "--program", str(refuses))
            said = "ptrace is not permitted here: instructions cannot be counted\n"
            self.assertEqual(run(*arguments), (instructions.CANNOT_TRACE, said))
            self.assertEqual(run(*arguments, "--require"), (1, said))


if __name__ == "__main__":
    try:
        instructions.count(PROGRAM, "scalar", "relu_f32", [1])
    except instructions.CannotTrace:
        print("ptrace is not permitted here")
        raise SystemExit(instructions.CANNOT_TRACE)
    unittest.main()
