"""The instructions that an object may hold: features.toml for x86, a short deny-list for aarch64."""

import re
import tomllib
from pathlib import Path

import x86


def expand(text):
    """a{b,c} means ab and ac."""
    for word in text.split():
        yield from _expand_word(word)


def _expand_word(word):
    match = re.search(r"\{([^{}]*)\}", word)
    if not match:
        yield word
        return
    for choice in match[1].split(","):
        yield from _expand_word(word[: match.start()] + choice + word[match.end() :])


def groups():
    return tomllib.loads((Path(__file__).parent / "features.toml").read_text())["group"]


_allowed = {}
for _group in groups():
    for _object in _group["objects"]:
        _allowed.setdefault((_object, _group["encoding"]), set()).update(expand(_group["mnemonics"]))

_FUSED = re.compile(r"^vfn?m(add|sub)|^fn?m(add|sub)$|^fml[as]l?")
_VECTOR_HALF = re.compile(r"^v\d+\.[48]h$")
_HALF = re.compile(r"^h\d+$")
_SVE = re.compile(r"^[{ ]*(z\d+|p\d+(/|\.))")


def x86_fault(instruction, objects):
    """Why the instruction may not stand in an object of the kind `objects`; None where it may."""
    mnemonic, encoding = instruction.mnemonic, x86.encoding(instruction)
    if mnemonic in _allowed.get((objects, encoding), ()):
        return None
    if _FUSED.match(mnemonic):
        return "a fused multiply-add rounds once where the contract rounds twice: is -ffp-contract=off set?"
    if encoding == "vex" and objects in ("baseline", "scalar", "sse2"):
        return (
            f"VEX-encoded in {objects}: a CPU without AVX faults (are all helpers static, the flags right?)"
        )
    if encoding == "evex" and objects != "avx512":
        return f"EVEX-encoded (AVX-512) in {objects}: it faults on a CPU without AVX-512"
    if encoding == "legacy" and objects in ("avx2", "avx512") and x86.vector_widths(instruction):
        return (
            f"legacy-encoded SSE in {objects}: it stalls between VEX code; was all of it built for {objects}?"
        )
    return (
        f"unknown {encoding} instruction in {objects}: find its CPUID feature; if the bundle of {objects} "
        f"has it, add it to a group of tests/gate/features.toml, else the flags or an intrinsic are wrong"
    )


def aarch64_fault(instruction, objects):
    """The baseline of aarch64 is ARMv8.0: no SVE, no half-precision arithmetic, no FMA by contraction."""
    mnemonic, operands = instruction.mnemonic, instruction.operands
    if _FUSED.match(mnemonic):
        return "a fused multiply-add rounds once where the contract rounds twice: is -ffp-contract=off set?"
    if any(_SVE.match(operand) for operand in operands):
        return f"SVE in {objects}: not in ARMv8.0"
    half = [o for o in operands if _HALF.match(o)] if mnemonic[0] == "f" else []
    vector_half = [o for o in operands if _VECTOR_HALF.match(o)] if mnemonic[0] == "f" else []
    if (half or vector_half) and not mnemonic.startswith("fcvt"):
        return f"half-precision arithmetic (FP16) in {objects}: not in ARMv8.0"
    if mnemonic in ("sdot", "udot") or re.match(r"^bf(dot|cvt|mmla|mlal)", mnemonic):
        return f"{mnemonic} in {objects}: not in ARMv8.0"
    return None
