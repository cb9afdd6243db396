"""What an instruction does, as far as the rules ask, in words that x86 and aarch64 share."""

from dataclasses import dataclass
from enum import Enum, auto


class Flow(Enum):
    NEXT = auto()
    BRANCH = auto()
    JUMP = auto()
    CALL = auto()
    INDIRECT_CALL = auto()
    INDIRECT_JUMP = auto()
    RETURN = auto()
    STOP = auto()  # traps


@dataclass(frozen=True)
class Access:
    """A memory operand that a vector register, or a whole vector's worth, goes to or comes from."""

    store: bool
    bytes: int  # of each register
    registers: int
    pointers: frozenset  # the registers its address is made of
    streaming: bool = False
