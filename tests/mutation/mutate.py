"""Breaks the library in many small ways, one at a time, and asks whether the tests notice each.

usage: mutate.py SOURCE BUILD [FILTER]

Works on a copy of SOURCE in BUILD. A mutant that every test program lets pass has survived: a test is missing. Some
minutes; the target `mutation` runs it.
"""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

# file, what stands there, what it is replaced by (its first occurrence after `after`, where given)
MUTANTS = [
    # operations
    ("kernels/operations.h", "where(above(in[0], c->floor, e), in[0], e)", "where(is_kept(in[0], c, e), in[0], e); out[0] = in[0]"),
    ("kernels/operations.h", "larger(broadcast(0, e), in[0], e)", "larger(broadcast(-1, e), in[0], e)"),
    ("kernels/operations.h", "where(is_kept(in[0], c, e), in[1], e)", "where(above(in[0], c->floor, e), in[1], e)"),
    ("kernels/operations.h", "add(widen(in[2], e), widen(in[1], e), e)", "add(widen(in[2], e), widen(in[0], e), e)"),
    ("kernels/operations.h", "*kept = is_kept(in[0], c, e);", "*kept = above(in[0], c->floor, e);"),
    ("kernels/operations.h", "both(over, under_hi(x, c, e))", "under_hi(x, c, e)"),
    ("kernels/operations.h", "both_not_at_most(over, c->hi, x, e)", "over"),
    # walks
    ("kernels/walks.h", "from_end = (size_t)(each - v) * lanes", "from_end = (size_t)(each - v) * lanes + (each == 2 && v == 0)"),
    ("kernels/walks.h", "const size_t ends[2] = {0, n - lanes};", "const size_t ends[2] = {0, n - lanes - 1};"),
    ("kernels/walks.h", "n - i > (size_t)batch * lanes", "n - i > (size_t)batch * lanes + lanes"),
    ("kernels/walks.h", "rest - done > lanes", "rest - done > 2 * lanes"),
    ("kernels/walks.h", "(bytes - (address & (bytes - 1))) / (size_t)size(s.element)", "lanes_of(s.element) + 1"),
    ("kernels/walks.h", "  put(s, b, ends, 2, end);\n", "  put(s, b, ends, 1, end);\n"),
    ("kernels/walks.h", "m->waiting = word >> 8 * bytes;", "m->waiting = word >> 8 * bytes >> 1;"),
    ("kernels/walks.h", "word >> 1 >> (63 - m->count)", "word >> 1 >> (62 - m->count)"),
    ("kernels/walks.h", "fresh >> 1 >> (63 - m->count)", "fresh >> (63 - m->count)"),
    ("kernels/walks.h", "(total + 7) / 8", "total / 8 + 1"),
    ("kernels/walks.h", "(unsigned)(-position % 8)", "(unsigned)(position % 8)"),
    ("kernels/walks.h", "n <= 4 * lanes &&", "n <= 5 * lanes &&"),
    ("kernels/walks.h", "last_bits >> (lanes - (rest - done)) << done", "last_bits << done"),
    ("kernels/walks.h", "last_bits = bits_of(end + 1, 1, s.element);\n    }", "last_bits = bits_of(end, 1, s.element);\n    }"),
    ("kernels/walks.h", "s.mask == MASK_READ ? v * step : 0", "0"),
    ("kernels/walks.h", "return fresh;", "return fresh >> 1;"),
    ("kernels/walks.h", "scalar(word)", "scalar(word >> 1)"),
    ("kernels/walks.h", "retested((int)m->count) == 0", "retested((int)m->count) <= 1"),
    ("kernels/sparse.h", "(x > floor) & (x != 0)", "(x > floor)"),
    ("kernels/sparse.h", "while (n - c.i >= (size_t)batch", "while (n - c.i + 1 >= (size_t)batch"),
    ("kernels/sparse.h", "broadcast(group, W32), W32)", "broadcast(groups, W32), W32)"),
    ("kernels/sums.h", "(sum[0] + sum[2]) + (sum[1] + sum[3])", "(sum[0] + sum[1]) + (sum[2] + sum[3])"),
    ("kernels/sums.h", "if (rest & 1) sum = add_lanes(load(node, F64), sum, F64);", "sum = add_lanes(load(node, F64), sum, F64);"),
    ("kernels/sums.h", "is_whole(d) && d.channels <= TILE", "d.channels <= TILE"),
    ("kernels/sums.h", "unit = streamed ? LINE / bytes : LANES", "unit = LANES"),
    ("kernels/sums.h", "b.dx | row_bytes | channels", "row_bytes | channels"),
    ("kernels/sums.h", "block == d.channels && is_whole(d)", "block == d.channels"),
    ("kernels/sums.h", "e == F64 || b.unrounded", "e == F64"),
    ("kernels/channels.h", "is_whole(d) ? REPEATED / row : 1", "REPEATED / row"),
    ("kernels/channels.h", "pattern + done, to", "pattern, to"),
    ("kernels/combine.h", "w->begin = w->end = (uintptr_t)to % LINE;", "w->begin = w->end = 0;"),
    ("kernels/combine.h", "w->begin = 0;\n    at = LINE;", "at = LINE;"),
    ("kernels/combine.h", "w->end -= at;", "w->end = 0;"),
    ("kernels/combine.h", "(uintptr_t)to != (uintptr_t)w->line + w->end", "!w->line"),
    ("kernels/combine.h", "if (bytes > 0) {", "if (0) {"),
    ("kernels/channels.h", "++counted == most", "++counted == most + 1"),
    ("kernels/positions.h", "FROM_2(3, __VA_ARGS__)", "FROM_2(4, __VA_ARGS__)"),
    ("kernels/base.h", "p[bytes - 1] = (uint8_t)", "p[bytes] = (uint8_t)"),
    ("kernels/base.h", "(uint64_t)floor + 1 +", "(uint64_t)floor +"),
    ("kernels/base.h", "(char *)p + bytes - length", "(char *)p + length"),
    # vocabularies
    ("kernels/sse2.c", "simde_mm_sub_epi64(floor, x)", "simde_mm_sub_epi64(x, floor)"),
    ("kernels/sse2.c", "simde_mm_subs_epu16(x, nan)", "simde_mm_sub_epi16(x, nan)"),
    ("kernels/avx2.c", "simde_mm256_subs_epu16(x, nan)", "simde_mm256_sub_epi16(x, nan)"),
    ("kernels/avx512.c", "simde_mm512_subs_epu16(x, nan)", "simde_mm512_subs_epi16(x, nan)"),
    ("kernels/neon.c", "simde_vqsubq_u16(", "simde_vsubq_u16("),
    ("kernels/neon.c", "simde_vqsubq_u64(", "simde_vsubq_u64("),
    ("kernels/avx512.c", "_kshiftri_mask64(word, 48)", "_kshiftri_mask64(word, 32)"),
    ("kernels/avx512.c", "vcmpnle_uqps", "vcmpgt_oqps"),
    ("kernels/avx512.c", "vcmpnle_uqpd %{sae%},", "vcmpnle_uqpd"),
    ("kernels/walks.h", "to_bits(&m, 1, e) & 1", "1"),
    ("kernels/avx512.c", "_mm512_mask_cmp_pd_mask((__mmask8)m,", "_mm512_mask_cmp_pd_mask(0xFF,"),
    ("kernels/sse2.c", "simde_mm_shuffle_epi32(words, 0xB1)", "words"),
    ("kernels/sse2.c", "(0x7C00 << 13) - 1", "(0x7BFF << 13) - 1"),
    ("kernels/sse2.c", "((127 - 15) << 23) - 0xFFF", "((127 - 15) << 23) - 0x1000"),
    ("kernels/avx2.c", "simde_mm256_srli_epi32(x, 16), simde_mm256_set1_epi32(1)", "simde_mm256_srli_epi32(x, 16), simde_mm256_set1_epi32(0)"),
    ("kernels/avx2.c", "simde_mm256_extracti128_si256(*m, 1)", "simde_mm256_extracti128_si256(*m, 0)"),
    ("kernels/avx2.c", "simde_mm256_shuffle_epi32(bytes, 0xD8)", "bytes"),
    ("kernels/avx2.c", "packs_epi16(low, high), 0xD8)", "packs_epi16(low, high), 0xE4)"),
    ("kernels/avx2.c", "set_epi64x(high, high, low, low)", "set_epi64x(low, high, low, low)"),
    ("kernels/sse2.c", "word >>= first / 16 * 16;", "word >>= first / 32 * 32;"),
    ("kernels/sse2.c", "simde_mm_castsi128_ps(m[1]), 0x88)", "simde_mm_castsi128_ps(m[1]), 0x80)"),
    ("kernels/neon.c", "halved(low, high, 2)", "halved(high, low, 2)"),
    ("kernels/neon.c", "simde_vandq_u8(low, each), simde_vandq_u8(high, each)", "simde_vandq_u8(high, each), simde_vandq_u8(low, each)"),
    ("kernels/avx2.c", "to_bits(&m, 1, e) >> 8 * group & 0xFF", "to_bits(&m, 1, e) & 0xFF"),
    ("kernels/avx512.c", "store_part(indices, places, count * 4, 64)", "store_part(indices, places, count * 4 + 4, 64)"),
    ("kernels/avx512.c", "low_bits(bytes), p)", "low_bits(64), p)"),
    ("kernels/avx512.c", "_mm512_mask_storeu_epi8(p, low_bits(bytes), x)", "_mm512_mask_storeu_epi8(p, low_bits(bytes + 1), x)"),
    ("kernels/avx512.c", "simde_mm512_mask_cmpgt_epi64_mask(simde_mm512_test_epi64_mask(x, x), x, floor)", "above(x, floor, e)"),
    ("kernels/neon.c", "{1, 2, 4, 8, 16, 32, 64, 128}", "{1, 2, 4, 8, 16, 32, 64, 64}"),
    ("kernels/neon.c", "simde_vdupq_n_u32(0x7FFF)", "simde_vdupq_n_u32(0x8000)"),
    ("kernels/half.h", "x >> 16 & 1", "x >> 15 & 1"),
    ("kernels/half.h", "exponent < 102", "exponent < 103"),
    ("kernels/half.h", "x >> 16 | 0x40", "x >> 16"),
    ("kernels/half.h", "magnitude >= 0x47800000", "magnitude >= 0x477FE000"),
    ("kernels/avx2.c", "choose(nan, quiet, rounded, W32)", "rounded"),
    ("kernels/sse2.c", "simde_mm_set1_epi32(0x38800000), magnitude", "simde_mm_set1_epi32(0x38000000), magnitude"),
    ("kernels/table.h", "(-INT64_C(0x400))", "(-INT64_C(0x401))"),
    ("kernels/table.h", "(-INT64_C(0x10000000000000))", "(-INT64_C(0xFFFFFFFFFFFFF))"),
    # checks and dispatch
    ("src/check.h", "distance + bytes - 1 >= 2 * bytes - 1", "distance + bytes - 1 >= 2 * bytes - 2"),
    ("src/check.h", "distance + bytes - 1 >= 2 * bytes - 1", "distance + bytes >= 2 * bytes"),
    ("src/check.h", "(uintptr_t)b - (uintptr_t)a >= a_bytes", "(uintptr_t)b - (uintptr_t)a >= a_bytes - 1"),
    ("src/check.h", "(uintptr_t)a | (uintptr_t)b | (uintptr_t)c", "(uintptr_t)a | (uintptr_t)b"),
    ("src/check.h", "n - 1 >= PTRDIFF_MAX / (bytes)", "n >= SIZE_MAX / (bytes)"),
    ("src/api.c", "CHECK_SIZE(size);", ""),
    ("src/parts.c", "CHECK_SIZE(call->site->size);", ""),
    ("src/api.c", "(n + 7) / 8", "n / 8"),
    ("src/sparse.c", "CHECK(n <= MOST_INDEXED(type)", "CHECK(n <= EXTENT_ELEMENTS(type)"),
    ("src/sparse.c", "apart(count, sizeof *count, indices, n * sizeof *indices)", "apart(count, 1, indices, n * sizeof *indices)"),
    ("src/sparse.c", "indices[k - 1] >= indices[k]", "indices[k - 1] > indices[k]"),
    ("src/sparse.c", "indices[count - 1] >= n", "indices[count - 1] > n"),
    ("src/sparse.c", "indices[k] < block_end; k++", "indices[k] <= block_end; k++"),
    # large calls
    ("src/parts.c", "BOUNDARY = 512", "BOUNDARY = 4"),
    ("src/parts.c", "m->parameters + channel * m->size", "m->parameters"),
    ("src/parts.c", "inner - into_run < left ? inner - into_run : left", "inner - into_run < left ? inner : left"),
    ("src/parts.c", "LEAF = 256", "LEAF = 128"),
    ("src/parts.c", "entries[c].count = 0;", ";"),
    ("src/parts.c", "for (; k >> level & 1; level++) sum = nodes[level] + sum;", ""),
    ("src/parts.c", "whole < job->parts ?", "whole > job->parts ?"),
    ("src/parts.c", "*count += of_channel", "*count = of_channel"),
    ("src/parts.h", "end = begin + each + (index < rest)", "end = begin + each"),
    ("src/runner.c", "if (index >= tasks->count) return;", ""),
    ("src/runner.c", "&tasks.done, memory_order_acquire) == count", "&tasks.done, memory_order_acquire) <= count"),
    ("src/runner.c", "count) != 0) return FASTRELU_ERROR_RUNNER", "count) > 0) return FASTRELU_ERROR_RUNNER"),
    ("src/runner.c", "static RUNNER_TLS fastrelu_runner", "static fastrelu_runner"),
    ("src/sparse.c", "indices[middle] < least", "indices[middle] <= least"),
    ("src/dispatch.c", "if (atomic_load(&overridden)) return;", ""),
    ("src/dispatch.c", "if (i == COUNT) return FASTRELU_ERROR_ISA;", "if (i == COUNT) return FASTRELU_OK;"),
    ("src/dispatch.c", "atomic_store(&overridden, name != NULL);", ""),
    ("src/dispatch.c", "choice < COUNT ? choice : best_usable()", "best_usable()"),
    ("src/info.c", "w->length + 1 < w->size", "w->length < w->size + 1"),
    ("src/info.c", "c < 0x20 || c >= 0x7F", "c < 0x20"),
]  # fmt: skip

# What runs natively notices most, and is built in a fraction of the time: the rest is for what survives it.
STAGES = [
    ["test_conversions", "test_runner", "test_sparse", "test_channels", "test_operations", "test_errors", "test_dispatch",
     "test_early"],
    ["test_conversions_emulated", "test_sparse_emulated", "test_channels_emulated", "test_operations_emulated"],
]  # fmt: skip


def main() -> int:
    source, build = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    wanted = sys.argv[3] if len(sys.argv) > 3 else ""
    copy, objects = build / "source", build / "objects"
    shutil.rmtree(build, ignore_errors=True)
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("build*", ".git"))
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    # clang compiles the emulated instruction sets in a third of gcc's time.
    compiler = shutil.which("clang") or "cc"
    subprocess.run(
        ["cmake", "-S", copy, "-B", objects, "-G", "Ninja",
         f"-DCMAKE_C_COMPILER={compiler}", "-DCMAKE_BUILD_TYPE=None",
         "-DCMAKE_C_FLAGS=-O1", "-DFASTRELU_BUILD_BENCH=OFF", "-DFASTRELU_BUILD_EXAMPLES=OFF"],
        check=True, **quiet)  # fmt: skip
    baseline = {"x86_64": "sse2", "aarch64": "neon"}.get(platform.machine(), "scalar")
    environment = {**os.environ, "FASTRELU_TEST_QUICK": "1", "EARLY_ISA": baseline}

    def verdict() -> str:
        for programs in STAGES:
            if subprocess.run(["cmake", "--build", objects, "--target", *programs], **quiet).returncode != 0:
                return "(no build)"
            for program in programs:
                # Only test_early is to see EARLY_ISA; the others do not look at it.
                try:
                    result = subprocess.run([objects / "tests" / program], env=environment, timeout=300, **quiet)
                except subprocess.TimeoutExpired:
                    return f"{program} (hangs)"
                if result.returncode != 0:
                    return program
        return "SURVIVED"

    if verdict() != "SURVIVED":
        print("the tests fail before anything is broken", file=sys.stderr)
        return 1

    survivors, tried = [], 0
    for file, old, new in MUTANTS:
        if wanted not in f"{file} {old} {new}":
            continue
        path = copy / file
        text = path.read_text()
        label = f"{file}: {old.strip()} -> {new.strip() or '(nothing)'}"
        if old not in text:
            print(f"STALE     {label}")
            survivors.append(label)
            continue
        path.write_text(text.replace(old, new, 1))
        tried += 1
        noticed_by = verdict()
        if noticed_by in ("SURVIVED", "(no build)"):
            survivors.append(label)
        print(f"{noticed_by:25} {label}", flush=True)
        path.write_text(text)
    print(f"{tried - len(survivors)} of {tried} mutants noticed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
