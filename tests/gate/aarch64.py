"""aarch64 in objdump's syntax."""

import re

from isa import Access, Flow

STACK = frozenset({"sp"})
FULL_WIDTH = {"neon": 16}

_MEMORY = re.compile(r"^\[(.*?)\]")
_LIST = re.compile(r"^\{(.*)\}")
_SIZES = {"b": 1, "h": 2, "s": 4, "d": 8, "q": 16}
_NO_DESTINATION = re.compile(r"^(st|cmp|cmn|tst|ccm|b$|b\.|cb|tb|ret|nop|prfm|bti|dmb|pac|aut)")
_CALLER_SAVED = frozenset(f"x{n}" for n in range(18))


def flow(instruction):
    mnemonic = instruction.mnemonic
    if mnemonic == "bl":
        return Flow.CALL
    if mnemonic.startswith("blr"):
        return Flow.INDIRECT_CALL
    if mnemonic == "b":
        return Flow.JUMP
    if re.match(r"^(b|bc)\.|^(cb|tb)n?z$", mnemonic):
        return Flow.BRANCH
    if mnemonic.startswith("br") and mnemonic != "brk":
        return Flow.INDIRECT_JUMP
    if mnemonic.startswith("ret"):
        return Flow.RETURN
    if mnemonic in ("brk", "udf", "hlt"):
        return Flow.STOP
    return Flow.NEXT


def access(instruction):
    mnemonic, operands = instruction.mnemonic, instruction.operands
    if not mnemonic.startswith(("ld", "st")):
        return None
    at = next((n for n, operand in enumerate(operands) if _MEMORY.match(operand)), None)
    if at is None:
        return None
    moved = operands[:at]
    if listed := _LIST.match(operands[0]):
        registers = re.split(r"[,\s]+", listed[1])
        lane = re.search(r"\}\[\d+\]$", operands[0])
        shape = re.match(r"v\d+\.(\d*)([bhsd])", registers[0])
        size = _SIZES[shape[2]] if lane else int(shape[1]) * _SIZES[shape[2]]
        count = len(registers)
        if "-" in registers[0]:  # newer binutils write {v0.16b-v3.16b}
            first, last = map(int, re.findall(r"v(\d+)", registers[0]))
            count = (last - first) % 32 + 1
    else:
        registers = [r for r in moved if re.match(r"^[bhsdq]\d+$", r)]
        size = _SIZES[registers[0][0]] if registers else 0
        count = len(registers)
    store = mnemonic.startswith("st")
    if not count or size < 16 and not store:
        return None
    return Access(store, size, count, _registers(_MEMORY.match(operands[at])[1]))


def stack_pointers(instruction, pointers):
    """Which registers may point to the stack after it, `pointers` being those that may before it."""
    mnemonic, operands = instruction.mnemonic, instruction.operands
    if mnemonic == "bl":
        return pointers - _CALLER_SAVED
    if not operands or _NO_DESTINATION.match(mnemonic):
        return pointers
    destinations = operands[:2] if mnemonic.startswith("ldp") else operands[:1]
    written = frozenset().union(*map(_registers, destinations)) - STACK
    sources = frozenset().union(*map(_registers, operands[1:]))
    points = mnemonic in ("mov", "add", "sub", "and", "csel") and sources & pointers
    return pointers | written if points else pointers - written


def _registers(text):
    return frozenset(
        "sp" if word == "sp" else f"x{word[1:]}"
        for word in re.findall(r"\w+", text)
        if re.match(r"^(sp|[xw]\d+)$", word)
    )
