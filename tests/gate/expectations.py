"""kernels.toml: what is expected of each kernel."""

import re
import tomllib
from pathlib import Path

_REGISTERS = {"sse2": (16, 16), "avx2": (16, 32), "avx512": (32, 64), "neon": (32, 16)}  # count, bytes
_SIZES = {"8": 1, "16": 2, "32": 4, "64": 8}

# Half arithmetic alone may spill, and f64 where a compare of 64 bits takes half a dozen instructions (SSE2), and
# only where there are 16 registers.
_LEDGER = re.compile(r"_(B?F16|F64)$")
_FEW_REGISTERS = ("sse2", "avx2")
_LEDGER_HEAD = """\
# Vectors moved to or from the stack in the hot loops of half and f64 arithmetic, where 16 registers are too few: the
# most that is allowed, for each compiler. None anywhere else. Written by gate.py --record."""


_ELEMENT = re.compile(r"_(W8|U8|W16|W32|W64|F16|BF16|F32|F64)$")
LARGE = re.compile("_(large|in_place)_")  # what stands in the names of kernels for large calls alone


def small(kernel):
    """The kernel within the caches that does the same."""
    return LARGE.sub("_", kernel)


def _operation(kernel):
    return _ELEMENT.sub("", small(kernel))


class Expectations:
    def __init__(self, compiler, path=Path(__file__).parent / "kernels.toml"):
        self._data = tomllib.loads(path.read_text())
        self._spills_path = path.with_name("spills.toml")
        if self._spills_path.exists():
            self._data["spills"] = tomllib.loads(self._spills_path.read_text())
        self.compiler = compiler
        self._found = {}
        self.undefined = self._data["undefined"]
        self.notices = []  # what is no fault, but wants an edit of the data

    def _of(self, section, name):
        """The entry of a kernel, else of its operation."""
        entries = self._data[section]
        return entries.get(small(name), entries.get(_operation(name)))

    def expected_stores(self, name, isa):
        """Vectors stored in an iteration of the batch loop; 0: a kernel without a loop that stores vectors."""
        stores = (self._of("stores", name) or {}).get(isa)
        inputs = self._of("inputs", name)
        if stores is None and inputs is not None:
            stores = self.outputs(name) * self._batch(name, isa, inputs)
        return stores

    def _batch(self, name, isa, inputs):
        """batch_of() of kernels/walks.h."""
        registers, width = _REGISTERS[isa]
        element = name.rsplit("_", 1)[1]
        half = element in ("F16", "BF16")
        lanes = width // _SIZES[element.lstrip("BFUW")]
        vectors = min(registers // 2 // (inputs * (4 if half else 1)), 4)
        vectors = max(vectors, 2) // 2 * 2
        if _operation(name) in self._data["masks"]:
            vectors = max(min(vectors, 64 // lanes), 8 // lanes)
        return vectors

    def streams(self, name):
        """Whether its batch loop goes around the caches; no other loop does."""
        return "_large_" in name

    def outputs(self, name):
        return self._of("outputs", name) or 1

    def narrow_stores(self, names, isa):
        """The bytes that a store in the hot loops of these kernels may have instead of a whole vector's."""
        return {(self._of("narrow_stores", name) or {}).get(isa) for name in names}

    def may_loop(self, names, isa):
        """Whether one of these kernels may have loops without vector stores."""
        if any(isa in self._data.get("long", {}).get("any_" + name.rsplit("_", 1)[-1], ()) for name in names):
            return True
        return any(_operation(name) in self._data["scalar_loops"] for name in names)

    def has_scratch(self, name):
        """Whether the kernel works on the stack: on lanes, nodes and terms, or on what it combines."""
        return not {_operation(name), _ELEMENT.sub("", name)}.isdisjoint(self._data["scratch"])

    def narrow(self, names, isa):
        """The mnemonics that may name narrower registers in the hot loops of these kernels."""
        entries = self._data["narrow"]
        keys = {"any"}
        for name in names:
            keys |= {small(name), _operation(name), "any_" + name.rsplit("_", 1)[-1]}
        return {mnemonic for key in keys for mnemonic in entries.get(key, {}).get(isa, ())}

    def allowed_spills(self, function, isa):
        """How many in the hot loops of a function; None where the ledger does not know the compiler."""
        name = function.split(".")[0]
        if not _LEDGER.search(name) or isa not in _FEW_REGISTERS:
            return 0
        ledger = self._data.get("spills", {}).get(self.compiler)
        return None if ledger is None else ledger.get(name, {}).get(isa, 0)

    def note_spills(self, function, isa, count):
        """What was found, for record_spills()."""
        if count:
            self._found.setdefault(function.split(".")[0], {})[isa] = count

    def record_spills(self, isas):
        """Writes the ledger anew for this compiler and these ISAs; others are kept."""
        ledger = self._data.setdefault("spills", {})
        kept = ledger.get(self.compiler, {})
        entries = {n: {i: c for i, c in e.items() if i not in isas} for n, e in kept.items()}
        for name, found in self._found.items():
            entries[name] = entries.get(name, {}) | found
        ledger[self.compiler] = entries
        lines = [_LEDGER_HEAD]
        for compiler, kernels in sorted(ledger.items()):
            lines.append(f"\n[{compiler}]")
            for name, counts in sorted(kernels.items()):
                if counts:
                    lines.append(f"{name} = {{ {', '.join(f'{i} = {c}' for i, c in sorted(counts.items()))} }}")
        self._spills_path.write_text("\n".join(lines) + "\n")
