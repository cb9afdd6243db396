"""x86-64 in objdump's Intel syntax: the destination comes first, and memory operands name their size."""

import re

from isa import Access, Flow

STACK = frozenset({"rsp"})
FULL_WIDTH = {"sse2": 16, "avx2": 32, "avx512": 64}

_MEMORY = re.compile(r"^(?:(\w+) (?:PTR|BCST) )?(?:\w+:)?\[(.*?)\]|^(\w+) (?:PTR|BCST) \w+:0x")
_SIZES = {"BYTE": 1, "WORD": 2, "DWORD": 4, "QWORD": 8, "XMMWORD": 16, "YMMWORD": 32, "ZMMWORD": 64}
_VECTOR = re.compile(r"\b([xyz])mm(\d+)\b")
_WIDTHS = {"x": 16, "y": 32, "z": 64}
_NAMES = {
    alias: f"r{name}" if len(name) == 2 else name
    for name in "ax bx cx dx si di bp sp r8 r9 r10 r11 r12 r13 r14 r15".split()
    for alias in ([f"r{name}", f"e{name}", name] if len(name) == 2 and name[0] != "r" else [name, f"{name}d"])
}
for _name in ("r8", "r9"):
    _NAMES[_name] = _NAMES[f"{_name}d"] = _name
_CALLER_SAVED = frozenset("rax rcx rdx rsi rdi r8 r9 r10 r11".split())
_NO_DESTINATION = frozenset("cmp test push bt nop call jmp ret".split())


def encoding(instruction):
    """ "legacy", "vex" or "evex". In 64-bit mode the three opcode bytes mean nothing else."""
    for byte in instruction.code:
        if byte in (0x66, 0xF2, 0xF3, 0x2E, 0x36, 0x3E, 0x26, 0x64, 0x65, 0x67, 0xF0):
            continue
        return {0xC4: "vex", 0xC5: "vex", 0x62: "evex"}.get(byte, "legacy")
    return "legacy"


def flow(instruction):
    mnemonic = instruction.mnemonic
    direct = instruction.target is not None or instruction.callee is not None
    if mnemonic == "call":
        return Flow.CALL if direct else Flow.INDIRECT_CALL
    if mnemonic == "jmp":
        return Flow.JUMP if direct else Flow.INDIRECT_JUMP
    if mnemonic.startswith("j"):
        return Flow.BRANCH
    if mnemonic == "ret":
        return Flow.RETURN
    if mnemonic in ("ud2", "hlt", "int3"):
        return Flow.STOP
    return Flow.NEXT


def vector_widths(instruction):
    """The widths in bytes of the vector registers it names."""
    return {_WIDTHS[kind] for operand in instruction.operands for kind, _ in _VECTOR.findall(operand)}


def access(instruction):
    for position, operand in enumerate(instruction.operands):
        match = _MEMORY.match(operand)
        if not match or instruction.mnemonic in ("lea", "nop"):
            continue
        size = _SIZES.get(match[1] or match[3], 0)
        registers = vector_widths(instruction)
        store = position == 0 and bool(registers)
        if instruction.mnemonic == "movnti":
            store = True
        elif not registers or size < 16 and not store:
            return None
        return Access(store, size, 1, _registers(match[2] or ""), "movnt" in instruction.mnemonic and store)
    return None


def is_fence(instruction):
    return instruction.mnemonic in ("sfence", "mfence")


def cleans_upper(instruction):
    return instruction.mnemonic in ("vzeroupper", "vzeroall")


def dirties_upper(instruction):
    """Registers 16 and up have no legacy SSE part that would wait for their upper half."""
    return any(
        kind != "x" and int(number) < 16
        for operand in instruction.operands
        for kind, number in _VECTOR.findall(operand)
    )


def stack_pointers(instruction, pointers):
    """Which registers may point to the stack after it, `pointers` being those that may before it."""
    mnemonic, operands = instruction.mnemonic, instruction.operands
    if mnemonic == "call":
        return pointers - _CALLER_SAVED
    if not operands or mnemonic in _NO_DESTINATION or operands[0] not in _NAMES:
        return pointers
    destination, source = _NAMES[operands[0]], operands[-1]
    if mnemonic == "xchg":
        return pointers - {destination, _NAMES.get(source)} if source in _NAMES else pointers - {destination}
    if mnemonic == "lea":
        points = bool(_registers(_MEMORY.match(source)[2]) & pointers)
    else:
        points = _NAMES.get(source) in pointers and (
            mnemonic in ("mov", "add") or mnemonic.startswith("cmov")
        )
        if mnemonic in ("add", "sub", "and", "or") or mnemonic.startswith("cmov"):
            points = points or destination in pointers
    return pointers | {destination} if points or destination in STACK else pointers - {destination}


def _registers(text):
    return frozenset(_NAMES[word] for word in re.findall(r"\w+", text) if word in _NAMES)
