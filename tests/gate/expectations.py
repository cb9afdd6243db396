"""kernels.toml: what is expected of each kernel."""

import re
import tomllib
from pathlib import Path

# Half arithmetic alone may spill, and only where there are 16 registers.
_LEDGER = re.compile(r"_B?F16$")
_FEW_REGISTERS = ("sse2", "avx2")


def _operation(kernel):
    return re.sub(r"_(W8|W16|W32|W64|F16|BF16|F32|F64)$", "", kernel)


class Expectations:
    def __init__(self, compiler, path=Path(__file__).parent / "kernels.toml"):
        self._data = tomllib.loads(path.read_text())
        self.compiler = compiler
        self.undefined = self._data["undefined"]
        self.notices = []  # what is no fault, but wants an edit of the data

    def _of(self, section, name):
        """The entry of a kernel, else of its operation."""
        entries = self._data[section]
        return entries.get(name, entries.get(_operation(name)))

    def expected_stores(self, name, isa):
        return (self._of("stores", name) or {}).get(isa)

    def streaming_stores(self, name, isa):
        return (self._of("streaming", name) or {}).get(isa)

    def outputs(self, name):
        return self._of("outputs", name) or 1

    def may_loop(self, names):
        """Whether one of these kernels may have loops without vector stores."""
        return any(_operation(name) in self._data["scalar_loops"] for name in names)

    def narrow(self, names, isa):
        """The mnemonics that may name narrower registers in the hot loops of these kernels."""
        lists = [self._of("narrow", name) or {} for name in [*names, "any"]]
        return {mnemonic for entry in lists for mnemonic in entry.get(isa, ())}

    def allowed_spills(self, names, isa):
        """How many in the hot loops of these kernels; None where the ledger does not know the compiler."""
        half = [name for name in names if _LEDGER.search(name)]
        if not half or isa not in _FEW_REGISTERS:
            return 0
        ledger = self._data["spills"].get(self.compiler)
        return None if ledger is None else max(ledger.get(name, {}).get(isa, 0) for name in half)
