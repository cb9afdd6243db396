#!/usr/bin/env python3
"""Proves that the checks of mca.py can fail, on loops as gcc 12 made them. The environment may name
LLVM_MCA."""
import contextlib
import copy
import io
import json
import os
import tempfile
import tomllib
import unittest
from pathlib import Path
from unittest import mock

import mca
from test_gate import AARCH64, CLEAN, CLEAN_NEON, END, X86, stored

LLVM_MCA = os.environ.get("LLVM_MCA", "llvm-mca")

LOADS = """
vmovups ymm3, YMMWORD PTR [rdi+rax*4]
vmovups ymm4, YMMWORD PTR [rdi+rax*4+0x20]
vmovups ymm5, YMMWORD PTR [rdi+rax*4+0x40]
vmovups ymm6, YMMWORD PTR [rdi+rax*4+0x60]
"""
SELECTS = """
vpcmpgtd ymm7, ymm3, ymm0
vpand ymm3, ymm3, ymm7
vpcmpgtd ymm7, ymm4, ymm0
vpand ymm4, ymm4, ymm7
vpcmpgtd ymm7, ymm5, ymm0
vpand ymm5, ymm5, ymm7
vpcmpgtd ymm7, ymm6, ymm0
vpand ymm6, ymm6, ymm7
"""
STORES = """
vmovdqu YMMWORD PTR [rsi+rax*4], ymm3
vmovdqu YMMWORD PTR [rsi+rax*4+0x20], ymm4
vmovdqu YMMWORD PTR [rsi+rax*4+0x40], ymm5
vmovdqu YMMWORD PTR [rsi+rax*4+0x60], ymm6
add rax, 0x20
add rcx, 0xffffffffffffffe0
cmp rcx, 0x20
ja away
"""
WASTE = "".join(f"vpand ymm{n}, ymm{n}, ymm0\n" for n in (3, 4, 5, 6))  # one instruction a vector
SINGLE = """
vmovups ymm3, YMMWORD PTR [rdi+rax*1]
vpcmpgtd ymm4, ymm3, ymm0
vpand ymm3, ymm3, ymm4
vmovdqu YMMWORD PTR [rsi+rax*1], ymm3
add rcx, 0xfffffffffffffff8
add rax, 0x20
cmp rcx, 0x8
ja away
"""


def loop(kernel, vectors, text, isa="avx2"):
    return mca.Loop(isa, kernel, isa != "neon", vectors, tuple(text.split("\n")[1:-1]))


def avx2(relu=SELECTS, single=SINGLE):
    """relu with what it does to a batch, beside identity."""
    return [
        loop("identity_W32", 4, LOADS + STORES.lstrip()),
        loop("relu_W32", 4, LOADS + relu.lstrip() + STORES.lstrip()),
        loop("relu_W32", 1, single),
    ]


def measure(loops):
    return mca.measure(LLVM_MCA, loops)


RECORDED = measure(avx2())
BEFORE = RECORDED["avx2"]["relu_W32"]


def changed(**figures):
    """RECORDED with other figures of relu."""
    other = copy.deepcopy(RECORDED)
    other["avx2"]["relu_W32"] |= figures
    return other


def no_scratch(_):
    return False


class Compare(unittest.TestCase):
    def test_the_same_loops(self):
        self.assertEqual(mca.compare(RECORDED, measure(avx2())), ([], []))

    def test_wasted_instructions_are_a_fault(self):
        slower = measure(avx2(SELECTS + 3 * WASTE))
        faults, notices = mca.compare(RECORDED, slower)
        self.assertEqual(notices, [])
        old, new = BEFORE["haswell"][0], slower["avx2"]["relu_W32"]["haswell"][0]
        said = f"{old:.2f} -> {new:.2f} cycles for each stored vector ({100 * (new - old) / old:+.0f}%)"
        self.assertIn(f"avx2 relu_W32 on haswell: {said}, in a loop that stores 4", faults)

    def test_fewer_are_a_notice(self):
        slower = measure(avx2(SELECTS + 3 * WASTE))
        faults, notices = mca.compare(slower, RECORDED)
        self.assertEqual(faults, [])
        found = [n for n in notices if n.startswith("avx2 relu_W32 on haswell: ") and "(-" in n]
        self.assertEqual(len(found), 1, notices)

    def test_each_loop_of_a_kernel_counts(self):
        slower = measure(avx2(single=SINGLE + 8 * "vpand ymm3, ymm3, ymm0\n"))
        faults, _ = mca.compare(RECORDED, slower)
        self.assertTrue(faults)
        self.assertTrue(all(fault.endswith("in a loop that stores 1") for fault in faults), faults)

    def grown(self, before, after):
        ledger, figures = (changed(haswell=[figure, BEFORE["haswell"][1]]) for figure in (before, after))
        return tuple(map(len, mca.compare(ledger, figures)))

    def test_both_the_share_and_the_cycles_must_be_exceeded(self):
        self.assertEqual(self.grown(1, 1.5), (0, 0))  # half, but only 0.5 cycles
        self.assertEqual(self.grown(1, 1.51), (1, 0))
        self.assertEqual(self.grown(20, 23), (0, 0))  # 3 cycles, but only 15%
        self.assertEqual(self.grown(20, 23.01), (1, 0))
        self.assertEqual(self.grown(1.5, 1), (0, 0))
        self.assertEqual(self.grown(1.51, 1), (0, 1))

    def test_a_kernel_that_is_not_in_the_ledger(self):
        ledger = copy.deepcopy(RECORDED)
        del ledger["avx2"]["relu_W32"]
        self.assertEqual(mca.compare(ledger, RECORDED), (["avx2 relu_W32 is not in the ledger"], []))
        faults, _ = mca.compare({}, RECORDED)
        self.assertEqual(len(faults), 2)

    def test_a_cpu_that_is_not_in_the_ledger(self):
        ledger = copy.deepcopy(RECORDED)
        del ledger["avx2"]["relu_W32"]["znver3"]
        fault = "avx2 relu_W32 on znver3 is not in the ledger"
        self.assertEqual(mca.compare(ledger, RECORDED), ([fault], []))

    def test_loops_of_other_lengths(self):
        ((fault,), notices) = mca.compare(changed(vectors=[8, 1]), RECORDED)
        self.assertEqual(fault, "avx2 relu_W32 stores 4, 1 vectors in its loops, in the ledger 8, 1")
        self.assertEqual(notices, [])

    def test_a_kernel_that_is_gone(self):
        figures = copy.deepcopy(RECORDED)
        del figures["avx2"]["relu_W32"]
        notice = "avx2 relu_W32 is in the ledger, but has no hot loop here"
        self.assertEqual(mca.compare(RECORDED, figures), ([], [notice]))


class Measure(unittest.TestCase):
    def refuses(self, why, loops):
        with self.assertRaises(SystemExit) as refused:
            measure(loops)
        self.assertIn(why, str(refused.exception))

    def test_an_unknown_cpu(self):
        with mock.patch.dict(mca.CPUS, avx2=("abacus",)):
            self.refuses("'abacus' is not a recognized processor", avx2())

    def test_an_isa_without_cpu(self):
        self.refuses("no CPU is known that runs altivec", [loop("relu_W32", 4, SINGLE, "altivec")])

    def test_an_instruction_that_the_cpu_has_not(self):
        self.refuses("unsupported instruction", [loop("relu_W32", 1, "\nvpaddd zmm0, zmm0, zmm1\n")])

    def test_a_line_that_is_no_instruction(self):
        self.refuses("invalid instruction", [loop("relu_W32", 1, "\nfrobnicate zmm0\n")])

    def test_an_answer_for_fewer_loops(self):
        self.refuses("does not answer for the 2 loops", [loop("relu_W32", 1, "\n# nothing\n"), avx2()[0]])


class HotLoops(unittest.TestCase):
    """From an object file to figures."""

    def figures(self, machine, isa, body):
        if not (machine.assembler and machine.objdump):
            self.skipTest(f"no assembler and objdump for {machine.name}")
        with tempfile.TemporaryDirectory() as folder:
            path = machine.object(folder, isa, {"relu_W32": body})
            return measure(mca.read_loops(machine.objdump, isa, path))[isa]["relu_W32"]

    def test_each_isa(self):
        for isa, body in CLEAN.items():
            with self.subTest(isa):
                found = self.figures(X86, isa, body)
                self.assertEqual(found.keys(), {"vectors", *mca.CPUS[isa]})
                self.assertEqual(found["vectors"], [2, 1])
                for cpu in mca.CPUS[isa]:
                    self.assertTrue(all(1 <= figure < 3 for figure in found[cpu]), found)

    def test_predictions_are_of_what_each_cpu_would_run(self):
        if not (X86.assembler and X86.objdump):
            self.skipTest("no assembler and objdump for x86")
        with tempfile.TemporaryDirectory() as folder:
            kernels = ("relu_W32", "relu_large_W32", "relu_in_place_W32", "relu_W64")
            path = X86.object(folder, "avx2", dict.fromkeys(kernels, CLEAN["avx2"]))
            out = Path(folder) / "predictions.json"
            with contextlib.redirect_stdout(io.StringIO()):
                mca.main(["predict", "--llvm-mca", LLVM_MCA, "--objdump", X86.objdump, "--out", str(out),
                          "--kernels", f"avx2={path}"])
            predictions = json.loads(out.read_text())["predictions"]
        self.assertLessEqual({"haswell", "znver2", "znver3"}, predictions.keys())
        self.assertNotIn("icelake-server", predictions)  # would take AVX-512
        for prediction in predictions.values():
            self.assertEqual(prediction["vector_bytes"], 32)
            self.assertEqual(prediction["cycles"].keys(), {"relu"})

    def test_neon(self):
        found = self.figures(AARCH64, "neon", CLEAN_NEON)
        self.assertEqual(found["vectors"], [2])
        self.assertTrue(all(0.5 <= found[cpu][0] <= 3 for cpu in mca.CPUS["neon"]), found)

    def test_the_address_of_a_constant(self):
        body = CLEAN_NEON.replace("subs", "adrp x9, relu_W32\nldr q2, [x9]\nsubs")
        self.assertEqual(self.figures(AARCH64, "neon", body)["vectors"], [2])

    def test_a_comparison_that_raises_no_flags(self):
        body = stored("zmm", "vmovdqu64").replace("add rax", "vcmpnle_uqps k1, zmm0, zmm1, {sae}\nadd rax") + END
        self.assertEqual(self.figures(X86, "avx512", body)["vectors"], [2])

    def test_a_call_is_not_modelled(self):
        calls = stored("ymm").replace("add rax", "call allowed\nadd rax") + stored("ymm", count=1) + END
        self.assertEqual(self.figures(X86, "avx2", calls)["vectors"], [1])

    def test_an_object_without_hot_loops(self):
        with self.assertRaises(SystemExit):
            self.figures(X86, "avx2", "ret")


class Budgets(unittest.TestCase):
    def over(self, figures, budget):
        costs = mca.costs("avx2", figures["avx2"], no_scratch)
        return list(mca.over_budget(budget, "avx2", costs))

    def recorded(self):
        budgets = {}
        mca.raise_budgets(budgets, "avx2", mca.costs("avx2", RECORDED["avx2"], no_scratch))
        return budgets

    def test_recorded_ones_are_kept(self):
        budgets = self.recorded()
        self.assertEqual(budgets.keys(), {"relu_W32"})  # of the batch; not of identity itself
        self.assertEqual(self.over(RECORDED, budgets), [])

    def test_one_wasted_instruction_a_vector_is_over_budget(self):
        """The ledger allows it."""
        slower = measure(avx2(SELECTS + WASTE))
        self.assertEqual(mca.compare(RECORDED, slower)[0], [])
        (fault,) = self.over(slower, self.recorded())
        self.assertRegex(fault, r"^avx2 relu_W32 on \S+: identity \+ .* identity \+ .* \(\+0\.\d+\)$")

    def test_a_kernel_without_budget(self):
        (fault,) = self.over(RECORDED, {"relu_W32": {"sse2": 9}})
        self.assertIn("avx2 relu_W32 has no budget in budgets.toml; on ", fault)

    def test_record_raises_and_never_lowers(self):
        budgets = {"relu_W32": {"avx2": 7, "sse2": 1}}
        mca.raise_budgets(budgets, "avx2", {"relu_W32": (0.3, "haswell"), "relu_W8": (0.3, "haswell")})
        self.assertEqual(budgets, {"relu_W32": {"avx2": 7, "sse2": 1}, "relu_W8": {"avx2": 0.5}})
        mca.raise_budgets(budgets, "avx2", {"relu_W8": (0.75, "haswell"), "fast": (-0.5, "haswell")})
        self.assertEqual((budgets["relu_W8"], budgets["fast"]), ({"avx2": 0.75}, {"avx2": 0}))

    def test_large_calls_are_held_beside_large_calls(self):
        kernels = copy.deepcopy(RECORDED["avx2"])
        for name, more in (("identity", 1), ("relu", 3)):
            kernels[f"{name}_large_W32"] = {
                key: [figure + (more if key != "vectors" else 0) for figure in figures]
                for key, figures in kernels[f"{name}_W32"].items()
            }
        small = mca.costs("avx2", RECORDED["avx2"], no_scratch)["relu_W32"]
        self.assertAlmostEqual(mca.costs("avx2", kernels, no_scratch)["relu_W32"][0], small[0] + 2)

    def test_sums_on_the_stack_have_none(self):
        self.assertEqual(mca.costs("avx2", RECORDED["avx2"], lambda kernel: kernel == "relu_W32"), {})


class Commands(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.ledger, self.budgets = (Path(folder.name) / f"{name}.toml" for name in ("ledger", "budgets"))

    def run_on(self, loops, command):
        arguments = [command, "--llvm-mca", LLVM_MCA, "--accept", "record it"]
        arguments += ["--kernels", "avx2=avx2.o", "--kernels", "scalar=scalar.o"]
        arguments += ["--ledger", str(self.ledger), "--budgets", str(self.budgets)]
        with mock.patch.object(mca, "read_loops", lambda objdump, isa, path: {"avx2": loops}[isa]):
            with contextlib.redirect_stdout(io.StringIO()) as output:
                status = mca.main(arguments)
        return status, output.getvalue()

    def test_what_was_recorded_is_met_again(self):
        self.run_on(avx2(), "record")
        self.assertEqual(self.run_on(avx2(), "compare"), (0, ""))
        ledger = tomllib.loads(self.ledger.read_text())
        self.assertEqual(ledger, {"llvm": mca.llvm_version(LLVM_MCA), **RECORDED})

    def test_slower_fails_until_it_is_accepted(self):
        self.run_on(avx2(), "record")
        slower = avx2(SELECTS + 3 * WASTE)
        status, output = self.run_on(slower, "compare")
        self.assertEqual(status, 1)
        self.assertIn("\navx2 relu_W32 on haswell: ", "\n" + output)
        self.assertIn("identity + ", output)  # over budget too
        self.assertIn("Where that is meant: record it\n", output)
        self.assertIn("budget: avx2 relu_W32 on ", self.run_on(slower, "record")[1])
        self.assertEqual(self.run_on(slower, "compare"), (0, ""))

    def test_faster_asks(self):
        self.run_on(avx2(SELECTS + 3 * WASTE), "record")
        status, output = self.run_on(avx2(), "compare")
        self.assertEqual(status, 0)
        self.assertIn("notice: avx2 relu_W32 on haswell: ", output)
        self.assertIn("To bring ledger.toml up to date: record it\n", output)

    def test_without_budgets(self):
        self.run_on(avx2(), "record")
        self.budgets.unlink()
        status, output = self.run_on(avx2(), "compare")
        self.assertEqual(status, 1)
        self.assertIn("avx2 relu_W32 has no budget", output)

    def test_without_ledger_it_is_skipped(self):
        said = "no ledger ledger.toml: not compared; to make it: record it\n"
        self.assertEqual(self.run_on(avx2(), "compare"), (mca.SKIPPED, said))

    def test_with_another_llvm_it_is_skipped(self):
        mca.write_ledger(self.ledger, 3, RECORDED)
        status, output = self.run_on(avx2(), "compare")
        self.assertEqual(status, mca.SKIPPED)
        self.assertIn("ledger.toml is of LLVM 3, ", output)


if __name__ == "__main__":
    unittest.main()
