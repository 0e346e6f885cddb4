"""Rules as declared: the immutable tree that the rule language builds and the core compiles.

A tree of these classes says what the author wrote, with names sorted, durations in milliseconds
and thresholds as numbers. It holds no state and no behaviour. The leaves themselves are declared
beside their behaviour, one module each, in `streamer.core.leaves`.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, Literal, Protocol, TypeAlias

from streamer.types import DAY, HOUR, SECOND, Millis, Scalar

Operator: TypeAlias = Literal[
    "is",
    "is_not",
    "in",
    "not_in",
    "exists",
    "at_least",
    "at_most",
    "above",
    "below",
    "starts_with",
    "ends_with",
    "contains",
]
Joining: TypeAlias = Literal["last", "first", "none"]
"""Of which user the events of an anonymous id are once it is linked: none, of its own."""
Names: TypeAlias = tuple[str, ...]
"""Event names, sorted and without repeats; the empty tuple means `any`."""

ANY: Final[Names] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison, such as `at_least 100`.

    `operand` is a tuple for `in` and `not_in`, a bool for `exists`. In aggregates it is a whole
    number of ten-thousandths (`149.95` is 1499500).
    """

    operator: Operator
    operand: Scalar | tuple[Scalar, ...]

    def spec_kind(self) -> str:
        """Return the name of the class in its identity."""
        return "comparison"


@dataclass(frozen=True, slots=True)
class Clause:
    """One line of a `where`: the property and the comparisons that one value of it must satisfy."""

    property: str
    comparisons: tuple[Comparison, ...]

    def spec_kind(self) -> str:
        """Return the name of the class in its identity."""
        return "clause"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which events a leaf looks at.

    `within` in ms, None for all; `since` None, or event names; `older` in ms, None for any age.
    """

    events: Names
    where: tuple[Clause, ...] = ()
    within: Millis | None = None
    since: Names | None = None
    older: Millis | None = None

    def spec_kind(self) -> str:
        """Return the name of the class in its identity."""
        return "scope"


@dataclass(frozen=True, slots=True)
class FittedOn:
    """For people: on which customers a model was fitted, and on what time of theirs (ms).

    Each None where the model does not say.
    """

    what: str | None = None
    begin: Millis | None = None
    until: Millis | None = None


class LeafSpec(Protocol):
    """A leaf as declared. Every leaf of `streamer.core.leaves` is one."""

    def spec_kind(self) -> str:
        """What the leaf is called in its identity: never changes, whatever the class is called."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for the whole rule set and matters to cells; `max_lateness` in ms.

    Cells that count keep at least `closely` times or values, also where an answer needs fewer: 0 to
    decide, more where an explanation gives the number.
    """

    zone: str
    max_lateness: Millis
    closely: int = 0


@dataclass(frozen=True, slots=True)
class All:
    """True while every condition is."""

    conditions: "tuple[Condition, ...]"

    def spec_kind(self) -> str:
        """Return the name of the class in its identity."""
        return "all"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True while at least one condition is."""

    conditions: "tuple[Condition, ...]"

    def spec_kind(self) -> str:
        """Return the name of the class in its identity."""
        return "any"


@dataclass(frozen=True, slots=True)
class NoneOf:
    """True while no condition is."""

    conditions: "tuple[Condition, ...]"

    def spec_kind(self) -> str:
        """Return the name of the class in its identity."""
        return "none"


Condition: TypeAlias = All | AnyOf | NoneOf | LeafSpec


@dataclass(frozen=True, slots=True)
class Settings:
    """How a membership follows truth. Durations in ms, 0 for none; `holdout` from 0 to 1.

    `needs_consent` names one of the header's consents, without which no customer is a member. Its
    condition stands in those of the segment as well.
    """

    min_dwell: Millis = 0
    cooldown: Millis = 0
    holdout: Fraction = Fraction(0)
    enabled: bool = True
    owner: str | None = None
    tags: tuple[str, ...] = ()
    needs_consent: str | None = None

    def spec_kind(self) -> str:
        """Return the name of the class in its identity."""
        return "settings"


@dataclass(frozen=True, slots=True)
class Segment:
    """A named condition on one customer."""

    key: str
    title: str
    purpose: str
    when: Condition
    settings: Settings = field(default_factory=Settings)

    def spec_kind(self) -> str:
        """Return the name of the class in its identity."""
        return "segment"


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier of a ladder; `when` is None for `otherwise`."""

    key: str
    when: Condition | None

    def spec_kind(self) -> str:
        """Return the name of the class in its identity."""
        return "tier"


@dataclass(frozen=True, slots=True)
class Ladder:
    """An ordered set of tiers: the first that holds is the customer's."""

    key: str
    title: str
    purpose: str
    tiers: tuple[Tier, ...]
    settings: Settings = field(default_factory=Settings)

    def spec_kind(self) -> str:
        """Return the name of the class in its identity."""
        return "ladder"


@dataclass(frozen=True, slots=True)
class Header:
    """What holds for the whole rule set. `retention`, `max_lateness` and `lateness` in ms.

    `anonymous` says how anonymous ids join users. `consents` are the conditions under which
    customers have agreed to something, by its name.
    """

    name: str = "default"
    zone: str = "UTC"
    retention: Millis = 400 * DAY
    max_lateness: Millis = 24 * HOUR
    lateness: Millis = 2 * SECOND
    events: tuple[str, ...] = ()
    anonymous: Joining = "none"
    consents: "tuple[tuple[str, Condition], ...]" = ()

    def spec_kind(self) -> str:
        """Return the name of the class in its identity."""
        return "header"
