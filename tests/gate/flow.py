"""The control-flow graph of a function: basic blocks, dominators, natural loops, facts along paths."""

from isa import Flow

_ENDS = {Flow.JUMP, Flow.INDIRECT_JUMP, Flow.RETURN, Flow.STOP}


class Graph:
    """Blocks are named by the place of their first instruction. What cannot be reached from the entry is left
    out: padding, mostly."""

    def __init__(self, function, flow_of):
        instructions = {i.place: i for i in sorted(function.instructions, key=lambda i: i.place)}
        order = list(instructions)
        following = {a: b for a, b in zip(order, order[1:]) if a.section == b.section}
        self.entry = function.entry
        self.exits = []  # jumps that leave the function
        leaders = {self.entry}
        for place, instruction in instructions.items():
            kind = flow_of(instruction)
            if kind in _ENDS or kind is Flow.BRANCH:
                leaders.add(following.get(place))
            if kind in (Flow.JUMP, Flow.BRANCH) and instruction.target in instructions:
                leaders.add(instruction.target)

        self.blocks, self.successors = {}, {}
        pending = [self.entry]
        while pending:
            start = pending.pop()
            if start in self.blocks:
                continue
            block, place = [], start
            while True:
                instruction = instructions[place]
                block.append(instruction)
                kind, after = flow_of(instruction), following.get(place)
                if kind in _ENDS or kind is Flow.BRANCH or after is None or after in leaders:
                    break
                place = after
            next_blocks = []
            if kind in (Flow.JUMP, Flow.BRANCH):
                if instruction.target in instructions:
                    next_blocks.append(instruction.target)
                else:
                    self.exits.append(instruction)
            if kind not in _ENDS and after is not None:
                next_blocks.append(after)
            self.blocks[start], self.successors[start] = block, next_blocks
            pending += next_blocks

        self.predecessors = {b: [] for b in self.blocks}
        for block, next_blocks in self.successors.items():
            for successor in next_blocks:
                self.predecessors[successor].append(block)
        self._order = self._reverse_postorder()

    def _reverse_postorder(self):
        seen, done, stack = {self.entry}, [], [(self.entry, iter(self.successors[self.entry]))]
        while stack:
            block, rest = stack[-1]
            successor = next((s for s in rest if s not in seen), None)
            if successor is None:
                done.append(block)
                stack.pop()
            else:
                seen.add(successor)
                stack.append((successor, iter(self.successors[successor])))
        return done[::-1]

    def dominators(self):
        """Each block's immediate dominator (Cooper, Harvey and Kennedy's iteration)."""
        number = {block: n for n, block in enumerate(self._order)}
        dominator = {self.entry: self.entry}

        def common(a, b):
            while a != b:
                while number[a] > number[b]:
                    a = dominator[a]
                while number[b] > number[a]:
                    b = dominator[b]
            return a

        changed = True
        while changed:
            changed = False
            for block in self._order[1:]:
                known = [p for p in self.predecessors[block] if p in dominator]
                new = known[0]
                for other in known[1:]:
                    new = common(new, other)
                if dominator.get(block) != new:
                    dominator[block], changed = new, True
        return dominator

    def loops(self):
        """The natural loops, {header: blocks}, and the cycles with more than one entry, each as (the block
        that closes it, blocks)."""
        dominator = self.dominators()
        number = {block: n for n, block in enumerate(self._order)}
        loops, irreducible = {}, []
        for block in self._order:
            for header in self.successors[block]:
                if number[header] > number[block]:
                    continue
                above = block
                while above not in (header, self.entry):
                    above = dominator[above]
                if above == header:
                    loops.setdefault(header, {header}).update(_closure([block], self.predecessors, {header}))
                else:
                    before, after = _closure([block], self.predecessors, set()), _closure(
                        [header], self.successors, set()
                    )
                    irreducible.append((block, before & after))
        return loops, irreducible

    def innermost_loops(self):
        loops, _ = self.loops()
        return {h: blocks for h, blocks in loops.items() if not any(o != h and o in blocks for o in loops)}

    def along_paths(self, at_entry, step):
        """What may hold before each instruction, {place: frozenset}; sets are united where paths meet.
        step(instruction, set) gives the set after the instruction."""
        before = {self.entry: frozenset(at_entry)}
        pending = [self.entry]
        while pending:
            block = pending.pop()
            facts = before[block]
            for instruction in self.blocks[block]:
                facts = step(instruction, facts)
            for successor in self.successors[block]:
                united = before.get(successor, frozenset()) | facts
                if successor not in before or united != before[successor]:
                    before[successor] = united
                    pending.append(successor)
        result = {}
        for block, facts in before.items():
            for instruction in self.blocks[block]:
                result[instruction.place] = facts
                facts = step(instruction, facts)
        return result


def _closure(start, edges, found):
    """`found`, and what is reached from `start` along `edges` without entering it."""
    pending = list(start)
    while pending:
        current = pending.pop()
        if current not in found:
            found.add(current)
            pending += edges[current]
    return found
