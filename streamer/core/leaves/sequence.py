"""Things done in an order: `sequence`."""

from dataclasses import dataclass

from streamer.core.syntax import Clause, Names
from streamer.types import Millis


@dataclass(frozen=True, slots=True)
class Step:
    """One step: an event of `events` that satisfies `where`."""

    events: Names
    where: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True)
class Sequence:
    """The steps happened in this order, inside `within`, first to last at most `span` (ms)."""

    steps: tuple[Step, ...]
    within: Millis | None = None
    span: Millis | None = None
    same: str | None = None
