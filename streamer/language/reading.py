"""What is known while one rule set is read, and how a value that is wrong is passed over.

A reader of a value gives the value or raises: `Wrong` with the reason, or `Lost` if the reasons
are in the report already. A reader of several values reads each with `Reading.attempt`, so one
that is wrong hides no other.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Concatenate, ParamSpec, TypeVar

from streamer.core.leaves.predicted import BgNbd
from streamer.core.leaves.worth import GammaGamma
from streamer.core.rules.spec import Header
from streamer.language.nodes import LostNode, Node, ScalarNode
from streamer.language.scalars import described
from streamer.language.slips import slip
from streamer.language.source import FindingReport, Place
from streamer.language.vocabulary import STANDARD_EVENTS
from streamer.language.words import Nearest, quoted

T = TypeVar("T")
P = ParamSpec("P")


class Lost(Exception):
    """There is no value, and the report says why."""


class Wrong(Lost):
    """There is no value; this is why."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message


@dataclass(frozen=True, slots=True)
class Reference:
    """A membership named by a condition or a test of `document`.

    With `moves`, a test names a ladder, and a tier or `none` or nothing.
    """

    at: Place
    membership: str
    document: str | None
    in_test: bool = False
    moves: bool = False


@dataclass(slots=True)
class Reading:
    """The header, and what is found on the way: errors, references, dates.

    `document` is the key of the segment or ladder that is being read. `dated` are the traits that
    conditions take for dates, `test_traits` the traits in tests, with their values. `models` are
    by key, None for one that cannot be read.
    """

    header: Header = field(default_factory=Header)
    report: FindingReport = field(default_factory=FindingReport)
    nearest: Nearest = field(default_factory=Nearest)
    references: list[Reference] = field(default_factory=list)
    models: dict[str, BgNbd | GammaGamma | None] = field(default_factory=dict)
    dated: set[str] = field(default_factory=set)
    test_traits: list[tuple[str, ScalarNode]] = field(default_factory=list)
    document: str | None = None

    def attempt(
        self,
        read: "Callable[Concatenate[Node, Reading, P], T]",
        node: Node,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T | None:
        """Return the result of `read`, or None once the report says why there is none."""
        try:
            return read(node, self, *args, **kwargs)
        except Wrong as wrong:
            self.report.error(wrong.place, wrong.message)
        except Lost:
            pass
        return None

    def unknown(self, node: ScalarNode, what: str, known: Collection[str], otherwise: str) -> Wrong:
        """Return the error for an unknown word: with the nearest known one, or `otherwise`."""
        slipped = slip(node)
        hint = slipped or f": {self.nearest.hint(node.text, known, otherwise)}"
        return Wrong(node.at, f"unknown {what} {quoted(node.text)}{hint}")

    def event_names(self) -> tuple[str, ...]:
        """Return all event names that rules may use."""
        return (*STANDARD_EVENTS, *self.header.events)


def expected(what: str, node: Node, instead: str = "") -> Lost:
    """Return the error for a value of another kind than expected; `instead` is what to write."""
    if isinstance(node, LostNode):
        return Lost()
    hint = f": write {instead}" if instead else slip(node)
    return Wrong(node.at, f"expected {what}, found {described(node)}{hint}")
