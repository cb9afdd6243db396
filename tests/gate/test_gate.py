#!/usr/bin/env python3
"""Proves that the gate can fail: each rule is broken by a few lines of assembly, and must be reported."""
import contextlib
import io
import platform
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import assembler_table
import disassembly
import features
import gate
import rules
from expectations import Expectations

EXPECTATIONS = """
undefined = ["allowed"]
scalar_loops = ["reglu_grad"]
masks = []
scratch = ["prelu_grad", "relu_bias_large"]
[stores]
relu = { sse2 = 2, avx2 = 2, avx512 = 2, neon = 2 }
relu_bias = { avx2 = 2 }
relu_grad_accumulate_F16 = { avx2 = 2, avx512 = 2 }
reglu_grad = { avx2 = 4 }
[inputs]
[outputs]
reglu_grad = 2
[narrow_stores]
relu_W16 = { avx2 = 16 }
[narrow]
relu_W16 = { avx2 = ["vmovdqu", "vmovq"] }
any = { avx2 = ["vpxor"] }
[spills.gcc-12]
relu_grad_accumulate_F16 = { avx2 = 2 }
"""


def tool(name, machine):
    """binutils' `name` for an architecture: the cross one, or the host's own."""
    own = shutil.which(name) if platform.machine() == machine else None
    return shutil.which(f"{machine}-linux-gnu-{name}") or own


class Machine:
    """Assembles a kernel file with one table, and runs the rules on it."""

    def __init__(self, name, header):
        self.name, self.header = name, header
        self.assembler, self.objdump, self.linker = (tool(t, name) for t in ("as", "objdump", "ld"))

    def build(self, folder, source, name="kernel"):
        path = Path(folder) / f"{name}.o"
        subprocess.run(
            [self.assembler, "-o", path, "-"], input=f"{self.header}\n{source}\n", text=True, check=True
        )
        return path

    def object(self, folder, isa, functions, more=""):
        """functions: {name: body}, all in the table but those whose name begins with `helper`."""
        text = "\n".join(f".type {n}, %function\n{n}:\n{b}\n.size {n}, . - {n}" for n, b in functions.items())
        table = "\n".join(f".quad {n}" for n in functions if not n.startswith("helper"))
        name = f"fastrelu_kernels_{isa}"
        data = f'.section .data.rel.ro, "aw"\n.globl {name}\n.type {name}, %object\n'
        data += f"{name}:\n{table}\n.size {name}, . - {name}\n"
        return self.build(folder, f".text\n{text}\n{data}\n{more}")


X86 = Machine("x86_64", ".intel_syntax noprefix")
AARCH64 = Machine("aarch64", "")


def stored(register, move="vmovdqu", count=2):
    """A loop that loads, computes and stores `count` vectors."""
    width = {"x": 16, "y": 32, "z": 64}[register[0]]
    lines = [f"{move} {register}{n + 1}, [rdi + rax + {n * width}]" for n in range(count)]
    lines += [f"{move} [rsi + rax + {n * width}], {register}{n + 1}" for n in range(count)]
    return "\n".join(["90:", *lines, f"add rax, {count * width}", "sub rdx, 1", "ja 90b", ""])


END = "vzeroupper\nret"
CLEAN = {
    "sse2": stored("xmm", "movdqu") + stored("xmm", "movdqu", 1) + "ret",
    "avx2": stored("ymm") + stored("ymm", count=1) + END,
    "avx512": stored("zmm", "vmovdqu64") + stored("zmm", "vmovdqu64", 1) + END,
}
CLEAN_NEON = """
90: ldp q0, q1, [x0], #32
stp q0, q1, [x1], #32
subs x2, x2, #1
b.hi 90b
ret"""


class RuleTest(unittest.TestCase):
    machine = X86

    def setUp(self):
        if not (self.machine.assembler and self.machine.objdump):
            self.skipTest(f"no assembler and objdump for {self.machine.name}")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        path = Path(self.folder) / "expectations.toml"
        path.write_text(EXPECTATIONS)
        self.expectations = Expectations("gcc-12", path)

    def findings(self, isa, functions, more=""):
        path = self.machine.object(self.folder, isa, functions, more)
        (binary,) = disassembly.read(self.machine.objdump, path)
        return list(rules.check_kernel_object(binary, isa, self.expectations))

    def assert_reports(self, rule, isa, body, name="relu_W32", more=""):
        functions = body if isinstance(body, dict) else {name: body}
        found = self.findings(isa, functions, more)
        self.assertEqual({rule} if rule else set(), {f.rule for f in found}, "\n".join(map(str, found)))
        return found

    def assert_passes(self, isa, body, name="relu_W32", more=""):
        self.assert_reports(None, isa, body, name, more)


class InstructionSets(RuleTest):
    def refuse(self, isa, *instructions):
        for instruction in instructions:
            with self.subTest(instruction, isa=isa):
                self.assert_reports("instruction-set", isa, f"{instruction}\n{CLEAN[isa]}")

    def allow(self, isa, *instructions):
        for instruction in instructions:
            with self.subTest(instruction, isa=isa):
                self.assert_passes(isa, f"{instruction}\n{CLEAN[isa]}")

    def test_clean_kernels_pass(self):
        for isa, body in CLEAN.items():
            with self.subTest(isa):
                self.assert_passes(isa, body)

    def test_sse2_holds_nothing_newer(self):
        self.refuse(
            "sse2", "vpxor xmm0, xmm0, xmm0", "haddps xmm0, xmm0", "pshufb xmm0, xmm1", "pmaxsd xmm0, xmm1"
        )
        self.refuse("sse2", "popcnt eax, eax", "vzeroupper", "kmovw k1, eax", "vpaddd zmm0, zmm0, zmm0")

    def test_avx2_holds_no_avx512(self):
        self.refuse("avx2", "vpaddd ymm16, ymm0, ymm0", "vpternlogd ymm0, ymm1, ymm2, 1", "kmovb k1, eax")
        self.refuse("avx2", "{evex} vpaddd ymm0, ymm0, ymm0", "vpaddd zmm0, zmm0, zmm0", "vpabsq xmm0, xmm1")

    def test_avx512_holds_no_extension_out_of_its_bundle(self):
        self.refuse(
            "avx512", "vpermb zmm0, zmm1, zmm2", "vpcompressw zmm0{k1}, zmm1", "vpdpbusd zmm0, zmm1, zmm2"
        )
        self.refuse(
            "avx512", "vplzcntd zmm0, zmm1", "vpmadd52luq zmm0, zmm1, zmm2", "vcvtneps2bf16 ymm0, zmm1"
        )
        self.refuse(
            "avx512", "vpopcntd zmm0, zmm1", "vpshldd zmm0, zmm1, zmm2, 1", "vaesenc xmm0, xmm1, xmm2"
        )
        self.refuse("avx512", "vgf2p8mulb zmm0, zmm1, zmm2", "vpconflictd zmm0, zmm1", "vexp2ps zmm0, zmm1")
        self.allow("avx512", "vpcompressd zmm0{k1}{z}, zmm1", "vpmovm2b zmm0, k1", "kshiftrq k1, k2, 8")
        self.allow("avx512", "vpaddd zmm17, zmm0, dword ptr [rdi]{1to16}")

    def test_nothing_is_fused(self):
        self.refuse("avx2", "vfmadd213ps ymm0, ymm1, ymm2", "vfnmsub231sd xmm0, xmm1, xmm2")
        self.refuse("avx512", "vfmadd231ps zmm0, zmm1, zmm2", "vfmaddsub132pd ymm0, ymm1, ymm2")

    def test_no_bmi_but_what_is_bsf_on_older_cpus(self):
        for isa in ("sse2", "avx2", "avx512"):
            self.refuse(
                isa, "andn eax, ecx, ecx", "bextr eax, ecx, ecx", "blsr eax, ecx", "pdep eax, ecx, ecx"
            )
            self.refuse(isa, "mulx eax, ecx, ecx", "rorx eax, ecx, 1", "shlx eax, ecx, ecx", "lzcnt eax, ecx")
            self.allow(isa, "tzcnt eax, ecx", "rep bsf eax, ecx")

    def test_vex_code_holds_no_legacy_sse(self):
        self.refuse("avx2", "paddd xmm0, xmm1")
        self.allow("avx2", "popcnt eax, eax", "prefetcht0 [rdi]")

    def test_control_registers_are_left_alone(self):
        self.refuse("sse2", "ldmxcsr [rdi]")
        self.refuse("avx2", "vldmxcsr [rdi]")

    def test_padding_counts_for_nothing(self):
        self.assert_passes("avx2", CLEAN["avx2"] + "\n.nops 64\n.p2align 6")

    def test_each_group_of_features_is_what_the_assembler_says(self):
        for group in features.groups():
            with self.subTest(group["name"]):
                self.assertEqual(set(), assembler_table.strangers(self.machine.assembler, group))

    def test_the_assembler_finds_a_wrong_entry(self):
        group = {"mnemonics": "vpaddd vpermb", "encoding": "evex", "march": "generic64+avx512f+avx512vl"}
        self.assertEqual({"vpermb"}, assembler_table.strangers(self.machine.assembler, group))


class Libraries(RuleTest):
    def library(self, source, *flags):
        path = self.machine.build(self.folder, source)
        library = Path(self.folder) / "library.so"
        subprocess.run([self.machine.linker, "-shared", *flags, "-o", library, path], check=True)
        return {f.rule for f in gate.check_library(self.machine.objdump, library)}

    SOURCE = """
    .file "{file}"
    .text
    .type f, %function
    f: vpaddd {register}0, {register}0, {register}0
    ret
    .size f, . - f"""

    def test_a_function_may_use_what_its_file_may(self):
        for file, register, fault in (
            ("avx2.c", "ymm", False),
            ("avx2.c", "zmm", True),
            ("avx512.c", "zmm", False),
            ("sse2.c", "ymm", True),
            ("api.c", "ymm", True),
        ):
            with self.subTest(file, register=register):
                rules_broken = self.library(self.SOURCE.format(file=file, register=register))
                self.assertEqual({"instruction-set"} if fault else set(), rules_broken)

    def test_code_of_no_function_is_baseline(self):
        self.assertEqual(
            {"instruction-set"}, self.library('.file "avx2.c"\n.text\nvpaddd ymm0, ymm0, ymm0\nret')
        )

    def test_a_global_function_is_baseline(self):
        source = ".globl f\n" + self.SOURCE.format(file="avx2.c", register="ymm")
        self.assertEqual({"instruction-set"}, self.library(source))

    def test_a_stripped_library_is_refused(self):
        self.assertEqual({"stripped"}, self.library(self.SOURCE.format(file="avx2.c", register="ymm"), "-s"))

    def test_the_members_of_an_archive_are_told_apart(self):
        members = [
            self.machine.build(self.folder, self.SOURCE.format(file=f, register="ymm"), f)
            for f in ("avx2.c", "api.c")
        ]
        archive = Path(self.folder) / "library.a"
        subprocess.run([tool("ar", "x86_64"), "rc", archive, *members], check=True)
        (finding,) = gate.check_library(self.machine.objdump, archive)
        self.assertIn("library.a(api.c.o)", finding.where)

    def test_a_leak_into_src_is_reported(self):
        path = self.machine.build(self.folder, "vmovdqu ymm0, [rdi]")
        self.assertEqual(
            ["instruction-set"], [f.rule for f in gate.check_baseline(self.machine.objdump, path)]
        )


class Symbols(RuleTest):
    def test_the_table_is_the_only_global(self):
        self.assert_reports("symbols", "avx2", CLEAN["avx2"], more=".globl second\nsecond: .long 0")
        self.assert_reports("symbols", "avx2", CLEAN["avx2"], more=".comm third, 8")

    def test_a_kernel_calls_nothing_from_outside(self):
        (found,) = self.assert_reports("symbols", "avx2", CLEAN["avx2"].replace("ret", "call memcpy\nret"))
        self.assertIn("`memcpy`, called in relu_W32", found.message)
        self.assert_passes("avx2", CLEAN["avx2"].replace("ret", "call allowed\nret"))

    def test_an_isa_of_unknown_width_is_a_fault(self):
        self.assert_reports("isa", "avx1024", CLEAN["avx2"])

    def test_a_table_that_cannot_be_read_is_a_fault(self):
        self.assert_reports("table", "avx2", {"helper": "ret"})

    def test_a_hot_loop_that_no_entry_leads_to_is_a_fault(self):
        self.assert_reports("table", "avx2", {"relu_W32": CLEAN["avx2"], "helper": CLEAN["avx2"]})


class Loops(RuleTest):
    def test_every_kernel_has_a_batch_loop(self):
        self.assert_reports("no-hot-loop", "avx2", "vmovdqu ymm0, [rdi]\nvmovdqu [rsi], ymm0\n" + END)
        self.assert_reports("no-hot-loop", "avx2", stored("ymm", count=1) + END)
        self.assert_reports("no-hot-loop", "avx2", {"relu_W32": CLEAN["avx2"], "relu_W16": "ret"})

    def test_a_loop_stores_no_more_than_the_batch(self):
        self.assert_reports("store-count", "avx2", stored("ymm", count=3) + CLEAN["avx2"])

    def test_a_loop_stores_every_output(self):
        name = "reglu_grad_F32"
        batch = stored("ymm", count=4)
        self.assert_passes("avx2", batch + stored("ymm") + END, name)
        self.assert_reports("store-count", "avx2", batch + stored("ymm", count=1) + END, name)

    def test_a_kernel_unknown_to_the_data_is_a_fault(self):
        self.assert_reports("store-count", "avx2", CLEAN["avx2"], "unheard_of_W32")

    def test_a_loop_in_a_function_jumped_to_is_the_kernels(self):
        self.assert_passes("avx2", {"relu_W32": "jmp helper", "helper": CLEAN["avx2"]})
        self.assert_passes(
            "avx2",
            {"relu_W32.constprop.0": "call helper\nret", "helper.isra.0": "ret", "helper": CLEAN["avx2"]},
        )

    def test_a_loop_is_found_where_its_body_lies_elsewhere(self):
        """Neither the back edge nor the addresses are in order, and part of it is gcc's .cold."""
        cold = """
        .section .text.unlikely, "ax"
        .type relu_W32.cold, %function
        relu_W32.cold: {}
        jmp back
        .size relu_W32.cold, . - relu_W32.cold"""
        body = """
        jmp 2f
        1: vmovdqu [rsi + rax + 32], ymm1
        add rax, 64
        sub rdx, 1
        ja 2f
        vzeroupper
        ret
        2: vmovdqu ymm1, [rdi + rax]
        vmovdqu [rsi + rax], ymm1
        test rax, rax
        js relu_W32.cold
        back: jmp 1b"""
        self.assert_passes("avx2", body, more=cold.format("add rcx, 1"))
        self.assert_reports("call", "avx2", body, more=cold.format("call back"))

    def test_only_the_innermost_loop_is_hot(self):
        body = f"80: vmovdqa [rsp + 8], ymm9\nxor eax, eax\n{stored('ymm')}sub rcx, 1\nja 80b\n{END}"
        self.assert_passes("avx2", body)

    def test_a_cycle_with_two_entries_stores_no_vectors(self):
        body = "test rax, rax\njs 2f\n1: {}\n2: sub rdx, 1\nja 1b\n" + CLEAN["avx2"]
        self.assert_reports("irreducible", "avx2", body.format("vmovdqu [rsi + rdx], ymm0"))
        found = self.findings("avx2", {"reglu_grad_F32": body.format("add rax, 1")})
        self.assertNotIn("irreducible", {f.rule for f in found})

    def test_no_call_in_a_hot_loop(self):
        functions = {"relu_W32": CLEAN["avx2"].replace("sub rdx", "call helper\nsub rdx", 1), "helper": "ret"}
        self.assert_reports("call", "avx2", functions)

    def test_no_loop_but_those_over_vectors(self):
        body = "1: mov cl, [rdi + rdx]\nmov [rsi + rdx], cl\nsub rdx, 1\nja 1b\n"
        self.assert_reports("scalar-loop", "avx2", body + CLEAN["avx2"])
        self.assert_passes("avx2", body + stored("ymm", count=4) + END, "reglu_grad_F32")

    def test_loops_over_a_scratch_are_not_judged_but_those_they_call_are(self):
        body = "1: mov cl, [rdi + rdx]\nvmovdqa [rsp + 8], ymm9\nsub rdx, 1\nja 1b\n" + END
        self.assert_passes("avx2", body, "prelu_grad_F32")
        spilling = CLEAN["avx2"].replace("sub rdx", "vmovdqa [rsp + 8], ymm9\nsub rdx", 1)
        functions = {"prelu_grad_F32": f"call relu_W32\n{END}", "relu_W32": spilling}
        self.assert_reports("spill", "avx2", functions)

    def test_a_large_kernel_with_a_scratch_streams(self):
        spilling = stored("ymm").replace("vmovdqu [", "vmovntdq [").replace("sub rdx", "vmovdqa [rsp + 8], ymm9\nsub rdx")
        streaming = f"{spilling}\nsfence\n{END}"
        self.assert_passes("avx2", streaming, "prelu_grad_large_F32")
        self.assert_passes("avx2", streaming, "relu_bias_large_F32")
        self.assert_passes("avx2", f"{CLEAN['avx2']}", "relu_bias_F32")
        self.assert_reports("no-hot-loop", "avx2", CLEAN["avx2"], "prelu_grad_large_F32")
        self.assert_reports("no-hot-loop", "avx2", CLEAN["avx2"], "relu_bias_large_F32")

    def test_no_function_pointer_is_left(self):
        self.assert_reports("indirect", "avx2", f"call rcx\n{CLEAN['avx2']}")
        self.assert_reports("indirect", "avx2", f"call [rcx + 8]\n{CLEAN['avx2']}")
        self.assert_reports("indirect", "avx2", f"{CLEAN['avx2']}\n".replace("ret", "jmp rcx"))
        self.assert_reports("indirect", "sse2", CLEAN["sse2"].replace("ret", "notrack jmp [rcx + rax * 8]"))

    def test_stores_fill_the_register(self):
        self.assert_reports(
            "narrow-store", "sse2", CLEAN["sse2"].replace("add rax", "movq [rsi], xmm1\nadd rax", 1)
        )
        found = self.findings("avx2", {"relu_W32": stored("xmm") + CLEAN["avx2"]})
        self.assertEqual({"narrow-store", "narrow"}, {f.rule for f in found})

    def test_narrower_stores_have_the_width_that_is_listed(self):
        body = CLEAN["avx2"].replace("add rax", "vmovdqu [rsi], xmm1\nadd rax", 1)
        self.assert_passes("avx2", body, "relu_W16")
        self.assert_reports("narrow-store", "avx2", body.replace("vmovdqu [rsi]", "vmovq [rsi]"), "relu_W16")

    def test_registers_are_full_but_for_what_is_listed(self):
        self.assert_reports(
            "narrow", "avx2", CLEAN["avx2"].replace("add rax", "vpaddd xmm1, xmm1, xmm1\nadd rax", 1)
        )
        self.assert_reports(
            "narrow", "avx512", CLEAN["avx512"].replace("add rax", "vpaddd ymm1, ymm1, ymm1\nadd rax", 1)
        )
        self.assert_passes("avx2", CLEAN["avx2"].replace("add rax", "vpxor xmm1, xmm1, xmm1\nadd rax", 1))


class Spills(RuleTest):
    def in_loop(self, *instructions, before=""):
        return before + "\n" + CLEAN["avx2"].replace("add rax", "\n".join([*instructions, "add rax"]), 1)

    def test_no_vector_goes_to_the_stack_or_comes_from_it(self):
        for instruction in (
            "vmovdqa [rsp + 32], ymm3",
            "vmovdqa ymm3, [rsp + 32]",
            "vpand ymm3, ymm3, ymmword ptr [rsp + 32]",
            "vmovdqu [rsp + rax + 32], ymm3",
        ):
            with self.subTest(instruction):
                self.assert_reports("spill", "avx2", self.in_loop(instruction))

    def test_a_copy_of_the_stack_pointer_is_one(self):
        spill = "vmovdqa [rbp - 32], ymm3"
        self.assert_reports("spill", "avx2", self.in_loop(spill, before="push rbp\nmov rbp, rsp"))
        self.assert_reports("spill", "avx2", self.in_loop(spill, before="lea rbp, [rsp + 64]\nand rbp, -32"))
        self.assert_reports(
            "spill", "avx2", self.in_loop(spill, before="lea r10, [rsp + 8]\nmov rbp, r10\nadd rbp, 8")
        )

    def test_a_pointer_that_no_longer_is_one_is_the_callers(self):
        load = "vmovdqu ymm3, [rbp - 32]"
        self.assert_passes("avx2", self.in_loop(load, before="push rbp\nmov rbp, rdi"))
        self.assert_passes("avx2", self.in_loop(load, before="mov rbp, rsp\nmov rbp, [rsp]"))

    def test_scalars_may_be_reloaded(self):
        self.assert_passes(
            "avx2", self.in_loop("mov rcx, [rsp + 8]", "vpbroadcastd ymm3, dword ptr [rsp + 8]")
        )

    def test_the_ledger_bounds_the_half_types_arithmetic(self):
        name, spill = "relu_grad_accumulate_F16", "vmovdqa [rsp + 32], ymm3"
        self.assert_passes("avx2", self.in_loop(spill, spill), name)
        self.assertEqual([], self.expectations.notices)
        self.assert_reports("spill", "avx2", self.in_loop(spill, spill, spill), name)
        self.assert_reports(
            "spill", "avx512", CLEAN["avx512"].replace("add rax", "vmovdqa64 [rsp], zmm3\nadd rax", 1), name
        )

    def test_fewer_spills_than_the_ledger_ask_for_an_update(self):
        self.assert_passes("avx2", self.in_loop("vmovdqa [rsp + 32], ymm3"), "relu_grad_accumulate_F16")
        self.assertIn("only 1 vector spills now", self.expectations.notices[0])

    def test_a_compiler_unknown_to_the_ledger_is_noticed(self):
        self.expectations.compiler = "gcc-99"
        self.assert_passes("avx2", self.in_loop("vmovdqa [rsp + 32], ymm3"), "relu_grad_accumulate_F16")
        self.assertIn("has no gcc-99", self.expectations.notices[0])


class Exits(RuleTest):
    def test_vzeroupper_comes_before_each_return(self):
        for isa in ("avx2", "avx512"):
            with self.subTest(isa):
                self.assert_reports("vzeroupper", isa, CLEAN[isa].replace("vzeroupper\n", ""))
        self.assert_reports(
            "vzeroupper", "avx2", "cmp rdx, 1\nvmovdqu ymm0, [rdi]\nja 1f\nret\n1:" + CLEAN["avx2"]
        )

    def test_a_path_that_dirtied_nothing_needs_none(self):
        self.assert_passes("avx2", "vmovdqu xmm0, [rdi]\ncmp rdx, 1\nja 1f\nret\n1:" + CLEAN["avx2"])
        self.assert_passes("avx512", "vmovdqu64 zmm16, [rdi]\ncmp rdx, 1\nja 1f\nret\n1:" + CLEAN["avx512"])

    def test_a_jump_out_is_a_return(self):
        body = CLEAN["avx2"].replace("vzeroupper\nret", "jmp allowed")
        self.assert_reports("vzeroupper", "avx2", body)

    def test_a_jump_within_the_object_hands_over(self):
        dirty = "vmovdqu ymm0, [rdi]\njmp helper"
        self.assert_passes("avx2", {"relu_W32": dirty, "helper": CLEAN["avx2"]})
        self.assert_reports(
            "vzeroupper", "avx2", {"relu_W32": dirty, "helper": f"cmp rdx, 1\nja 1f\nret\n1: {CLEAN['avx2']}"}
        )

    def streaming(self, end, loop=None):
        return (loop or stored("ymm", "vmovdqu").replace("vmovdqu [", "vmovntdq [")) + "vzeroupper\n" + end

    def test_a_fence_follows_every_streaming_store(self):
        self.assert_passes("avx2", self.streaming("sfence\nret"), "relu_large_W64")
        self.assert_reports("fence", "avx2", self.streaming("ret"), "relu_large_W64")
        self.assert_reports("fence", "avx2", self.streaming("test rcx, rcx\njs 1f\nsfence\n1: ret"), "relu_large_W64")
        self.assert_reports("fence", "avx2", self.streaming("jmp allowed"), "relu_large_W64")

    def test_a_loop_streams_all_or_nothing(self):
        mixed = stored("ymm").replace("vmovdqu [", "vmovntdq [", 1)
        self.assert_reports("streaming", "avx2", self.streaming("sfence\nret", mixed), "relu_large_W64")

    def test_streaming_stores_stand_in_loops(self):
        body = f"vmovntdq [rsi], ymm0\nsfence\n{CLEAN['avx2']}"
        self.assert_reports("streaming", "avx2", body)

    def test_large_kernels_alone_stream(self):
        self.assert_reports("store-count", "avx2", stored("ymm") + self.streaming("sfence\nret"), "relu_W64")
        self.assert_reports("no-hot-loop", "avx2", CLEAN["avx2"], "relu_large_W64")


class Neon(RuleTest):
    machine = AARCH64

    def test_a_clean_kernel_passes(self):
        self.assert_passes("neon", CLEAN_NEON)

    def test_a_pair_counts_two(self):
        self.assert_reports("no-hot-loop", "neon", CLEAN_NEON.replace("stp q0, q1", "str q0"))
        self.assert_passes("neon", CLEAN_NEON.replace("stp q0, q1", "st1 {v0.16b, v1.16b}"))
        three = CLEAN_NEON.replace("stp q0, q1, [x1], #32", "st1 {v2.16b-v4.16b}, [x1], #48")
        self.assert_reports("store-count", "neon", CLEAN_NEON.replace("ret", three))
        self.assert_reports(
            "store-count",
            "neon",
            CLEAN_NEON.replace("ret", CLEAN_NEON.replace("stp", "str q2, [x1, #64]\nstp")),
        )

    def test_no_vector_goes_to_the_stack_or_comes_from_it(self):
        for spill in ("str q5, [sp, #16]", "ldp q5, q6, [sp]", "ldr q5, [x29, #16]", "st1 {v5.4s}, [x9]"):
            with self.subTest(spill):
                body = CLEAN_NEON.replace("subs", f"{spill}\nsubs")
                self.assert_reports("spill", "neon", f"mov x29, sp\nadd x9, sp, #32\n{body}")

    def test_scalars_may_be_reloaded(self):
        self.assert_passes("neon", CLEAN_NEON.replace("subs", "ldr x9, [sp, #8]\nldr d5, [sp, #16]\nsubs"))

    def test_stores_fill_the_register(self):
        self.assert_reports("narrow-store", "neon", CLEAN_NEON.replace("subs", "str d5, [x1]\nsubs"))

    def test_no_call(self):
        functions = {"relu_W32": CLEAN_NEON.replace("subs", "bl helper\nsubs"), "helper": "ret"}
        self.assert_reports("call", "neon", functions)
        self.assert_reports("indirect", "neon", CLEAN_NEON.replace("ret", "blr x5\nret"))
        self.assert_reports("indirect", "neon", CLEAN_NEON.replace("ret", "br x5"))

    def test_the_table_is_the_only_global(self):
        self.assert_reports("symbols", "neon", CLEAN_NEON, more=".globl second\nsecond: .word 0")

    def test_nothing_newer_than_armv8_0(self):
        for instruction in (
            "fmla v0.4s, v1.4s, v2.4s",
            "fmadd s0, s1, s2, s3",
            ".arch armv8.2-a+fp16\nfadd v0.8h, v1.8h, v2.8h",
            ".arch armv8.2-a+dotprod\nudot v0.4s, v1.16b, v2.16b",
            ".arch armv8.2-a+sve\nadd z0.s, z1.s, z2.s",
            ".arch armv8.2-a+bf16\nbfcvtn v0.4h, v1.4s",
        ):
            with self.subTest(instruction):
                self.assert_reports("instruction-set", "neon", f"{instruction}\n{CLEAN_NEON}")
        self.assert_passes(
            "neon", f"fcvtn v0.4h, v1.4s\nfcvtl v0.4s, v1.4h\nbfxil x3, x4, 1, 2\n{CLEAN_NEON}"
        )


class CommandLine(RuleTest):
    def test_it_fails_where_a_rule_is_broken(self):
        for leak, status in (("", 0), ("vaddps zmm0, zmm0, zmm0\n", 1)):
            scalar = self.machine.object(self.folder, "scalar", {"relu_W32": "ret"})
            baseline = self.machine.build(self.folder, f"{leak}ret", "baseline")
            arguments = ["--objdump", self.machine.objdump, "--compiler", "gcc-12"]
            arguments += ["--kernels", f"scalar={scalar}", "--baseline", str(baseline)]
            with contextlib.redirect_stdout(io.StringIO()) as output:
                self.assertEqual(status, gate.main(arguments))
            self.assertEqual("1 faults: 1 instruction-set" in output.getvalue(), bool(leak))


if __name__ == "__main__":
    unittest.main()
