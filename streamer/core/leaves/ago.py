"""How long ago something was done: `ago`."""

from dataclasses import dataclass
from typing import Literal

from streamer.core.syntax import Clause, Names
from streamer.types import Millis


@dataclass(frozen=True, slots=True)
class Ago:
    """The last (or first) such event is at least, or less than, so many ms ago."""

    events: Names
    where: tuple[Clause, ...] = ()
    which: Literal["last", "first"] = "last"
    at_least: Millis | None = None
    less_than: Millis | None = None
