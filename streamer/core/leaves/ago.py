"""How long ago something was done: `ago`."""

from dataclasses import dataclass
from typing import Literal

from streamer.core import wording
from streamer.core.leaves.counting import Aged, Earliest, Times
from streamer.core.memory import Binder, Leaf
from streamer.core.syntax import Clause, Names
from streamer.types import FOREVER, Millis


@dataclass(frozen=True, slots=True)
class Ago:
    """The last (or first) such event is at least, or less than, so many ms ago."""

    events: Names
    where: tuple[Clause, ...] = ()
    which: Literal["last", "first"] = "last"
    at_least: Millis | None = None
    less_than: Millis | None = None

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        first = self.which == "first"
        slot = binder.share(
            Earliest(self.events, self.where) if first else Times(self.events, self.where, 1)
        )
        said = f"{'first' if first else 'last'} {wording.names(self.events)}"
        said += wording.where(self.where)
        if self.at_least is not None:
            said += f" at least {wording.duration(self.at_least)} ago"
        if self.less_than is not None:
            said += f" less than {wording.duration(self.less_than)} ago"
        return Aged(said, slot, self.at_least or 0, self.less_than or FOREVER)
