"""What binutils' objdump says about object files and libraries: symbols, relocations, instructions."""

import re
import subprocess
from bisect import bisect_right
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Place:
    """An address in an object file counts within its section."""

    section: str
    address: int

    def __lt__(self, other):
        return (self.section, self.address) < (other.section, other.address)


@dataclass(frozen=True)
class Symbol:
    name: str
    place: Place
    size: int
    is_global: bool
    is_function: bool
    source: str  # the file it was compiled from; "" where the linker no longer knows


@dataclass
class Instruction:
    place: Place
    code: bytes
    prefixes: tuple
    mnemonic: str
    operands: tuple
    target: Place | None = None  # of a direct jump or call, within the file
    callee: str | None = None  # of a direct jump or call, outside of it

    @property
    def text(self):
        return " ".join([*self.prefixes, self.mnemonic, ", ".join(self.operands)]).strip()


@dataclass
class Function:
    """A symbol's instructions, with those of its parts (gcc's .cold)."""

    name: str
    source: str
    entry: Place
    instructions: list


@dataclass
class Binary:
    """One object file, shared library or member of an archive."""

    name: str
    x86: bool
    symbols: list = field(default_factory=list)
    undefined: set = field(default_factory=set)
    relocations: dict = field(default_factory=dict)  # Place of the field: (symbol or section, addend)
    instructions: list = field(default_factory=list)

    def resolve(self, name, addend):
        """The place of `name` + addend; None where the file does not define it."""
        for symbol in self.symbols:
            if symbol.name == name:
                return Place(symbol.place.section, symbol.place.address + addend)
        if any(symbol.place.section == name for symbol in self.symbols):
            return Place(name, addend)
        return None

    def functions(self):
        """The functions, and under the name of its section what belongs to none (a PLT, a linker's stub)."""
        starts = sorted((s for s in self.symbols if s.is_function), key=lambda s: s.place)
        places = [s.place for s in starts]
        found, parts = {}, []
        for instruction in self.instructions:
            at = bisect_right(places, instruction.place) - 1
            symbol = starts[at] if at >= 0 else None
            place = instruction.place
            if (
                not symbol
                or symbol.place.section != place.section
                or (symbol.size and place.address >= symbol.place.address + symbol.size)
            ):
                name, source, entry = f"section {place.section}", "", Place(place.section, 0)
            else:
                name, source, entry = symbol.name, symbol.source, symbol.place
            if entry not in found:
                found[entry] = Function(name, source, entry, [])
                if ".cold" in name:
                    parts.append(entry)
            found[entry].instructions.append(instruction)
        for entry in parts:
            part = found.pop(entry)
            whole = next((f for f in found.values() if f.name == part.name.split(".cold")[0]), None)
            if whole and whole.source == part.source:
                whole.instructions += part.instructions
            else:
                found[entry] = part
        return list(found.values())


def read(objdump, path):
    """Every binary in `path`: several in an archive, else one."""
    binaries = {}
    _read_symbols(_run(objdump, "-t", "-r", "-w", path), str(path), binaries)
    # (Other architectures' objdump warns that it knows no `intel`, and goes on.)
    _read_code(_run(objdump, "-d", "-r", "-w", "-M", "intel", path), binaries)
    if not any(binary.instructions for binary in binaries.values()):
        raise SystemExit(f"{path}: {objdump} shows no code that can be read here; it must be binutils' own")
    return list(binaries.values())


def _run(objdump, *arguments):
    result = subprocess.run([objdump, *map(str, arguments)], capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"{objdump}: {result.stderr.strip()}")
    return result.stdout


_FORMAT = re.compile(r"^(.+):\s+file format (\S+)$")
_SYMBOL = re.compile(
    r"^([0-9a-f]+) (.{7}) (\S+)\t([0-9a-f]+)(?: (?:\.hidden|\.protected|\.internal))?(?: (.*))?$"
)
_RECORDS = re.compile(r"^RELOCATION RECORDS FOR \[(.+)\]:$")
_RELOCATION = re.compile(r"^([0-9a-f]+) (R_\w+)\s+(\S+)$")
_TARGET = re.compile(r"^(.+?)(?:([+-])0x([0-9a-f]+))?$")
_SECTION = re.compile(r"^Disassembly of section (.+):$")
_INSTRUCTION = re.compile(r"^ *([0-9a-f]+):\t([0-9a-f ]+?) *\t(.*)$")
_CODE_RELOCATION = re.compile(r"\t([0-9a-f]+): (R_\w+)\t(\S+)$")
_PREFIX = re.compile(r"^(rep|repz|repnz|lock|bnd|notrack|data16|addr32|[c-gs]s|rex(\.\w+)?|\{\w+\})$")
_ADDRESS = re.compile(r"^(?:.*,)?\s*(?:0x)?([0-9a-f]+) <.*>$")


def _split_target(text):
    name, sign, digits = _TARGET.match(text).groups()
    addend = int(digits, 16) if digits else 0
    return name, -addend if sign == "-" else addend


def _read_symbols(text, path, binaries):
    binary, source, section = None, "", None
    for line in text.splitlines():
        if match := _FORMAT.match(line):
            name = match[1] if match[1] == path else f"{path}({match[1]})"
            binary = binaries[match[1]] = Binary(name, "x86" in match[2] or "i386" in match[2])
            source = ""
        elif match := _RECORDS.match(line):
            section = match[1]
        elif match := _RELOCATION.match(line):
            binary.relocations[Place(section, int(match[1], 16))] = _split_target(match[3])
        elif match := _SYMBOL.match(line):
            address, flags, where, size, name = match.groups()
            name = (name or "").strip()
            if flags[5:7] == "df":
                source = name
            elif where == "*UND*":
                binary.undefined.add(name)
            elif "d" not in flags:  # not the name of a section
                is_global = flags[0] != "l"
                binary.symbols.append(
                    Symbol(
                        name,
                        Place(where, int(address, 16)),
                        int(size, 16),
                        is_global,
                        flags[6] == "F" or flags[5] == "i",
                        "" if is_global else source,
                    )
                )
            else:
                binary.symbols.append(Symbol(where, Place(where, 0), 0, False, False, ""))


def _read_code(text, binaries):
    binary, section = None, None
    for line in text.splitlines():
        if match := _FORMAT.match(line):
            binary = binaries[match[1]]
        elif match := _SECTION.match(line):
            section = match[1]
        elif match := _INSTRUCTION.match(line):
            address, code, rest = match.groups()
            relocation = _CODE_RELOCATION.search(rest)
            if relocation:
                rest = rest[: relocation.start()].split("\t" + relocation[1])[0]
            instruction = _parse(Place(section, int(address, 16)), bytes.fromhex(code.replace(" ", "")), rest)
            if relocation:
                _relocate(binary, instruction, relocation)
            binary.instructions.append(instruction)


def _parse(place, code, text):
    text = re.split(r"\s+//|\s{2,}#", text)[0].strip()  # comments of aarch64, x86
    head, *tail = text.split(None, 1)
    prefixes = []
    while _PREFIX.match(head) and tail:
        prefixes.append(head)
        head, *tail = tail[0].split(None, 1)
    arguments = tail[0] if tail else ""
    target = _ADDRESS.match(arguments)
    operands = tuple(o.strip() for o in re.split(r",(?![^\[{]*[\]}])", arguments)) if arguments else ()
    return Instruction(
        place,
        code,
        tuple(prefixes),
        head,
        operands,
        Place(place.section, int(target[1], 16)) if target else None,
    )


def _relocate(binary, instruction, relocation):
    """A jump or call whose target the linker fills in. x86 counts from the end of the four-byte field."""
    if instruction.target is None:
        return
    name, addend = _split_target(relocation[3])
    if relocation[2].startswith(("R_X86_64", "R_386")):
        addend += 4
    instruction.target = binary.resolve(name, addend)
    if instruction.target is None:
        instruction.callee = name
