"""The rules: each yields findings about one binary."""

from dataclasses import dataclass

import aarch64
import features
import x86
from flow import Graph
from isa import Flow


SCALAR = "scalar"  # the ISA without vectors, whose loops are not looked at


@dataclass(frozen=True)
class Finding:
    where: str
    rule: str
    message: str

    def __str__(self):
        return f"{self.where}: [{self.rule}] {self.message}"


def locate(binary, function, instruction):
    offset = instruction.place.address - function.entry.address
    where = (
        f"{function.name}+{offset:#x}"
        if instruction.place.section == function.entry.section
        else function.name
    )
    place = f"{instruction.place.section} {instruction.place.address:#x}"
    return f"{binary.name}: {where} ({place}): `{instruction.text}`"


# ---- any binary: instructions ------------------------------------------------------------------------------


def check_instructions(binary, objects_of):
    """objects_of(function): baseline, or the ISA whose bundle it may use. One finding for each mnemonic."""
    fault_of = features.x86_fault if binary.x86 else features.aarch64_fault
    places = {}
    for function in binary.functions():
        objects = objects_of(function)
        for instruction in function.instructions:
            fault = fault_of(instruction, objects)
            if fault:
                places.setdefault((instruction.mnemonic, fault), []).append((function, instruction))
    for (_, fault), found in places.items():
        more = f" ({len(found) - 1} more like it)" if len(found) > 1 else ""
        yield Finding(locate(binary, *found[0]), "instruction-set", fault + more)


# ---- a kernel object: symbols and table --------------------------------------------------------------------


def check_symbols(binary, isa, allowed_undefined):
    table = f"fastrelu_kernels_{isa}"
    defined = sorted(s.name for s in binary.symbols if s.is_global)
    for name in defined:
        if name != table:
            message = (
                f"`{name}` leaks: a kernel object defines no global symbol but `{table}`; make it static"
            )
            yield Finding(binary.name, "symbols", message)
    if table not in defined:
        yield Finding(binary.name, "symbols", f"`{table}` is not defined")
    for name in sorted(binary.undefined - set(allowed_undefined)):
        users = {f.name for f in binary.functions() for i in f.instructions if i.callee == name}
        used = f", called in {', '.join(sorted(users))}" if users else ""
        message = (
            f"undefined symbol `{name}`{used}: a kernel calls nothing; where a toolchain's hardening needs "
            f"it, add it to `undefined` in tests/gate/kernels.toml"
        )
        yield Finding(binary.name, "symbols", message)


def table_entries(binary, isa):
    """The places of the functions that the table points to, by its relocations."""
    table = next((s for s in binary.symbols if s.name == f"fastrelu_kernels_{isa}"), None)
    if not table:
        return []
    entries = []
    for place, (name, addend) in binary.relocations.items():
        inside = table.place.address <= place.address < table.place.address + table.size
        if place.section == table.place.section and inside:
            entries.append(binary.resolve(name, addend))
    return entries


# ---- a kernel object: code ---------------------------------------------------------------------------------


class Code:
    """One function of a kernel object, ready for the rules."""

    def __init__(self, function, architecture):
        self.function, self.name = function, function.name
        self.kernel = function.name.split(".")[0]  # without what the compiler appends to a clone
        self.graph = Graph(function, architecture.flow)
        self.loops = self.graph.innermost_loops()
        self.stack = self.graph.along_paths(architecture.STACK, architecture.stack_pointers)
        self._architecture = architecture

    def instructions(self, blocks=None):
        for block in self.graph.blocks if blocks is None else blocks:
            yield from self.graph.blocks[block]

    def accesses(self, blocks):
        """(instruction, access, on the stack) for each memory operand of a vector."""
        for instruction in self.instructions(blocks):
            access = self._architecture.access(instruction)
            if access:
                yield instruction, access, bool(access.pointers & self.stack[instruction.place])

    def stores(self, blocks):
        """Vector stores to what is not the stack; narrower ones beside them too."""
        return [(i, a) for i, a, on_stack in self.accesses(blocks) if a.store and not on_stack]

    def streams(self):
        return any(a.streaming for blocks in self.loops.values() for _, a in self.stores(blocks))

    def hot_loops(self):
        """{header: blocks} of the innermost loops with a vector store."""
        return {
            h: b
            for h, b in self.loops.items()
            if any(a.bytes >= 16 or a.streaming for _, a in self.stores(b))
        }


class Kernels:
    """All functions of a kernel object, and which of them each table entry runs."""

    def __init__(self, binary, isa):
        self.binary, self.isa = binary, isa
        self.architecture = x86 if binary.x86 else aarch64
        self.codes = {
            f.entry: Code(f, self.architecture)
            for f in binary.functions()
            if f.instructions[0].place == f.entry
        }
        self.entries = table_entries(binary, isa)

    def leads_to(self, code):
        """The functions that `code` jumps to or calls."""
        targets = {i.target for i in code.graph.exits}
        targets |= {i.target for i in code.instructions() if self.architecture.flow(i) is Flow.CALL}
        return targets & set(self.codes)

    def of_entry(self, entry):
        found, pending = {}, [entry]
        while pending:
            place = pending.pop()
            if place not in found:
                found[place] = self.codes[place]
                pending += self.leads_to(self.codes[place])
        return list(found.values())

    def at(self, code, instruction):
        return locate(self.binary, code.function, instruction)


def check_control(kernels, data):
    """No function pointer is left, and every cycle that stores vectors is a loop that the other rules see."""
    reasons = {
        Flow.INDIRECT_CALL: "an operation or walk was not folded: inline it always, pass it as a constant",
        Flow.INDIRECT_JUMP: "a function pointer not folded, or a switch's jump table; kernels have neither",
    }
    for code in kernels.codes.values():
        for instruction in code.instructions():
            reason = reasons.get(kernels.architecture.flow(instruction))
            if reason:
                yield Finding(kernels.at(code, instruction), "indirect", reason)
        for block, cycle in code.graph.loops()[1]:
            if code.stores(cycle) and not data.has_scratch(code.kernel):
                message = "closes a cycle with two entries and vector stores, which no rule about loops sees"
                yield Finding(kernels.at(code, code.graph.blocks[block][-1]), "irreducible", message)


def check_loops(kernels, data):
    users = {place: [] for place in kernels.codes}
    for entry in kernels.entries:
        if entry not in kernels.codes:
            message = f"an entry of the table points to no function: {entry}"
            yield Finding(kernels.binary.name, "table", message)
            continue
        name, codes = kernels.codes[entry].kernel, kernels.of_entry(entry)
        for code in codes:
            users[code.function.entry].append(name)
        if kernels.isa != SCALAR and not data.has_scratch(name):
            yield from _check_kernel(kernels, name, codes, data)
        elif data.streams(name) and not any(code.streams() for code in codes):
            yield Finding(f"{kernels.binary.name}: {name}", "no-hot-loop", "no loop that streams")
    if not kernels.entries:
        message = f"found no relocation of fastrelu_kernels_{kernels.isa} to a function: nothing was checked"
        yield Finding(kernels.binary.name, "table", message)
    if kernels.isa == SCALAR:
        return
    for place, code in kernels.codes.items():
        for header in () if users[place] else code.hot_loops():
            message = "a loop with vector stores in a function that no table entry leads to"
            yield Finding(kernels.at(code, code.graph.blocks[header][0]), "table", message)
        if not data.has_scratch(code.kernel):
            yield from _check_hot_code(kernels, code, users[place] or [code.name], data)


def _check_kernel(kernels, name, codes, data):
    """The kernel has its batch loop, and no other loops than it and those of single vectors."""
    full = kernels.architecture.FULL_WIDTH[kernels.isa]
    loops = [(c, c.graph.blocks[h][0], c.stores(b)) for c in codes for h, b in c.hot_loops().items()]
    expected = data.expected_stores(name, kernels.isa)
    where = f"{kernels.binary.name}: {name}"
    if expected is None:
        message = f"not known for {kernels.isa}: add it to [inputs] in tests/gate/kernels.toml"
        yield Finding(where, "store-count", message)
        return
    single = data.outputs(name)
    counts = []
    for code, first, stores in loops:
        count = sum(access.registers for _, access in stores if access.bytes == full)
        streaming = any(access.streaming for _, access in stores)
        if streaming == data.streams(name):
            counts.append(count)
        # clang unrolls loops over single vectors as it sees fit.
        if (streaming and not data.streams(name)) or count > expected or count % single:
            message = (
                f"this loop {'streams' if streaming else 'stores'} {count} vectors; expected of {name} in "
                f"{kernels.isa} are {expected} (the batch, streamed by large kernels alone) or fewer; where "
                f"batch_of() changed, see expectations.py in tests/gate"
            )
            yield Finding(kernels.at(code, first), "store-count", message)
    if expected and expected not in counts:
        verb = "streams" if data.streams(name) else "stores"
        message = f"no loop that {verb} {expected} vectors (found: {counts or 'none'})"
        yield Finding(where, "no-hot-loop", message)


def _check_hot_code(kernels, code, users, data):
    """In the hot loops of a function: no call, no spill, full registers, stores all streamed or none. It
    serves the kernels `users`."""
    full = kernels.architecture.FULL_WIDTH[kernels.isa]
    may_be_narrow = data.narrow(users, kernels.isa)
    narrow_stores = data.narrow_stores(users, kernels.isa)
    spills = []
    for blocks in code.hot_loops().values():
        stores = code.stores(blocks)
        streamed = any(access.streaming for _, access in stores)
        for instruction in code.instructions(blocks):
            where = kernels.at(code, instruction)
            if kernels.architecture.flow(instruction) is Flow.CALL:
                yield Finding(where, "call", "a call in a hot loop")
            if (
                kernels.binary.x86
                and min(x86.vector_widths(instruction), default=full) < full
                and instruction.mnemonic not in may_be_narrow
            ):
                message = (
                    f"a register narrower than {full} bytes in a hot loop; where the operation needs it (a "
                    f"conversion, a broadcast), add the mnemonic to [narrow] in tests/gate/kernels.toml"
                )
                yield Finding(where, "narrow", message)
        for instruction, access in stores:
            where = kernels.at(code, instruction)
            if access.bytes != full and access.bytes not in narrow_stores:
                message = f"stores {access.bytes} bytes, a vector of {kernels.isa} has {full}"
                yield Finding(where, "narrow-store", message)
            if streamed and not access.streaming:
                yield Finding(where, "streaming", "an ordinary store in a loop that streams others")
        spills += [i for i, _, on_stack in code.accesses(blocks) if on_stack]
    hot = code.hot_loops()
    scalar = [code.graph.blocks[header][0] for header in code.loops if header not in hot]
    if scalar and not data.may_loop(users, kernels.isa):
        message = (
            f"{len(scalar)} loops without vector stores, the first here: a copy of variable length, or elements "
            f"one by one, where tails are whole vectors or pieces of constant size; an operation that needs "
            f"one is listed in `scalar_loops` in tests/gate/kernels.toml"
        )
        yield Finding(kernels.at(code, min(scalar, key=lambda i: i.place)), "scalar-loop", message)
    data.note_spills(code.name, kernels.isa, len(spills))
    allowed = data.allowed_spills(code.name, kernels.isa)
    where = f"{kernels.binary.name}: {code.name}"
    if allowed is None and spills:
        data.notices.append(
            f"{where}: {len(spills)} vector spills in hot loops; tests/gate/spills.toml has no "
            f"{data.compiler}"
        )
    elif allowed is not None and len(spills) > allowed:
        places = ", ".join(f"{i.place.address:#x}" for i in spills)
        message = (
            f"{len(spills)} moves of vectors to or from the stack in hot loops, allowed are {allowed} with "
            f"{data.compiler}: at {places}. Half arithmetic on 16 registers: where the compiler can do no "
            f"better, tests/gate/spills.toml is the ledger (gate.py --record). Elsewhere the batch asks for too "
            f"many registers: batch_of()"
        )
        yield Finding(kernels.at(code, spills[0]), "spill", message)
    elif allowed and len(spills) < allowed:
        data.notices.append(
            f"{where}: only {len(spills)} vector spills now, {allowed} in "
            f"tests/gate/spills.toml: lower it"
        )


def check_streaming(kernels):
    """Streaming stores stand in loops; sfence comes between each and every way out."""
    if not kernels.binary.x86:
        return
    for code in kernels.codes.values():
        in_loops = {i.place for blocks in code.loops.values() for i in code.instructions(blocks)}
        for instruction in code.instructions():
            access = x86.access(instruction)
            if access and access.streaming and instruction.place not in in_loops:
                message = "a streaming store outside of an innermost loop, where no rule counts it"
                yield Finding(kernels.at(code, instruction), "streaming", message)

    def step(instruction, pending):
        if x86.is_fence(instruction):
            return frozenset()
        access = x86.access(instruction)
        return pending | {instruction.place} if access and access.streaming else pending

    for code, instruction in _leaving(kernels, step):
        message = "reached from a streaming store with no sfence between: another thread may read stale data"
        yield Finding(kernels.at(code, instruction), "fence", message)


def check_upper(kernels):
    """vzeroupper comes between each use of a ymm or zmm register and every way out."""
    if not kernels.binary.x86 or kernels.isa not in ("avx2", "avx512"):
        return

    def step(instruction, dirty):
        if x86.cleans_upper(instruction):
            return frozenset()
        return frozenset({"dirty"}) if x86.dirties_upper(instruction) else dirty

    for code, instruction in _leaving(kernels, step):
        message = "reached from a use of ymm or zmm with no vzeroupper between: the caller's SSE code stalls"
        yield Finding(kernels.at(code, instruction), "vzeroupper", message)


def _leaving(kernels, step):
    """[(code, instruction)] that leave a kernel while facts of `step` hold: returns, and jumps out of the
    object. A jump to another function of the object hands its facts on to that one."""
    at_entry = {entry: frozenset() for entry in kernels.codes}
    pending, found = list(kernels.codes), {}
    while pending:
        entry = pending.pop()
        code = kernels.codes[entry]
        facts = code.graph.along_paths(at_entry[entry], step)
        for instruction in code.instructions():
            if not facts[instruction.place]:
                continue
            if kernels.architecture.flow(instruction) is Flow.RETURN:
                found[instruction.place] = code, instruction
            elif instruction in code.graph.exits:
                target = instruction.target
                if target not in kernels.codes:
                    found[instruction.place] = code, instruction
                elif not facts[instruction.place] <= at_entry[target]:
                    at_entry[target] |= facts[instruction.place]
                    pending.append(target)
    return [found[place] for place in sorted(found)]


def check_kernel_object(binary, isa, data):
    kernels = Kernels(binary, isa)
    if isa != SCALAR and isa not in kernels.architecture.FULL_WIDTH:
        message = f"{isa} is unknown here: give it a width in tests/gate/{kernels.architecture.__name__}.py"
        yield Finding(binary.name, "isa", message)
        return
    yield from check_instructions(binary, lambda _: isa)
    yield from check_symbols(binary, isa, data.undefined)
    yield from check_control(kernels, data)
    yield from check_loops(kernels, data)
    yield from check_streaming(kernels)
    yield from check_upper(kernels)
