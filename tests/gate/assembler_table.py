"""Does the assembler's own table agree with features.toml? It is offered every mnemonic of a group with many
operand lists, under the group's CPU features alone; one that it takes in no form does not belong there."""

import re
import subprocess
import tempfile
from pathlib import Path

from features import expand

_LEGACY = """
| eax | rax | al | ax | label | qword ptr [rax] | byte ptr [rax] | [rdi], [rsi]
| eax, eax | eax, al | rax, rax | rax, ecx | rax, 1 | rax, cl | eax, eax, cl | [rax], rax | rax, [rax]
| rax, 0x1122334455667788 | eax, xmm0 | eax, xmm0, 1 | xmm0, eax | xmm0, eax, 1
| xmm0, xmm1 | xmm0, xmm1, 1 | xmm0, 1 | xmm0, [rax] | [rax], xmm0
"""
_STRINGS = """
| qword ptr es:[rdi], qword ptr [rsi] | qword ptr [rsi], qword ptr es:[rdi]
| qword ptr es:[rdi] | qword ptr [rsi]
"""
# A, B and M: each register and each size of memory in turn, all combinations.
_VECTOR = """
| A, B | A, B, 1 | A, A, B | A, A, B, 1 | A, A, B, A
| A, M | A, M, 1 | M, A | M, A, 1 | A, A, M | A, A, M, 1 | A, A, [rax] | [rax], A, A
| eax, A | eax, A, 1 | A, eax | A, A, eax | A, A, eax, 1
| rax, A | rax, A, 1 | A, rax | A, A, rax | A, A, rax, 1
| A, A, 1 | k1, A | k1, A, 1 | k1, A, A | k1, A, A, 1 | A, k1 | k1, k2 | k1, k2, k3 | k1, k2, 1
| A, [rax + B * 4], A | A{k1}, [rax + B * 4] | [rax + B * 4]{k1}, A
"""
_REGISTERS = {"A": ["xmm1", "ymm1", "zmm1"], "B": ["xmm2", "ymm2", "zmm2"]}
_MEMORY = [f"{size} ptr [rax]" for size in "byte word dword qword xmmword ymmword zmmword".split()]
_CHOICES = {**_REGISTERS, "M": _MEMORY}


def _forms(text):
    forms = [form.strip() for form in text.replace("\n", " ").split("|")]
    for letter, choices in _CHOICES.items():
        forms = [
            re.sub(rf"\b{letter}\b", choice, form)
            for form in forms
            for choice in (choices if re.search(rf"\b{letter}\b", form) else [""])
        ]
    return forms


def strangers(assembler, group):
    """The mnemonics of the group that the assembler does not know under its `march`."""
    forms = _forms(_LEGACY + _STRINGS if group["encoding"] == "legacy" else _VECTOR)
    # A gather's third operand must differ from its first two.
    forms = [re.sub(r"^(.mm)1, (\[rax \+ .*\]), .*", r"\g<1>1, \2, \g<1>3", form) for form in forms]
    prefix = "{evex} " if group["encoding"] == "evex" else ""
    mnemonics = set(expand(group["mnemonics"]))
    owners = [None, None] + [mnemonic for mnemonic in mnemonics for _ in forms]
    lines = [".intel_syntax noprefix", "label:"]
    lines += [f"{prefix}{mnemonic} {form}" for mnemonic in mnemonics for form in forms]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "forms.o"
        command = [assembler, "--64", f"-march={group['march']}", "-o", target, "-"]
        errors = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True).stderr
    refused = {int(number) for number in re.findall(r":(\d+): Error", errors)}
    taken = {owner for number, owner in enumerate(owners, 1) if number not in refused}
    return mnemonics - taken
