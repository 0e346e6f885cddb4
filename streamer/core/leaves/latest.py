"""The last and the first value of a property: `latest`, `first`."""

from dataclasses import dataclass
from typing import Literal

from streamer.core.syntax import Clause, Comparison, Names
from streamer.types import Millis


@dataclass(frozen=True, slots=True)
class Latest:
    """The last (or first) value of `property` compares as stated; `within` (ms) for last only."""

    property: str
    events: Names
    comparisons: tuple[Comparison, ...]
    which: Literal["last", "first"] = "last"
    where: tuple[Clause, ...] = ()
    within: Millis | None = None
