"""The answer to why a customer is in a segment or not, and until when, as a tree of values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from streamer.analysis.watch import Linked, Said, Setting, Truth
from streamer.app.intake import RefusalReason
from streamer.types import Event, Millis, Unusable


@dataclass(frozen=True, slots=True)
class Branch:
    """One condition: what it asks, what its answer rests on, whether it holds and since when.

    `missing` says what a condition that does not hold lacks (`2 of 3`), "" where it holds or only
    time is missing; `unseen` what it asks for that none of the customer's events had, "" where they
    had it, or where that is not known. `flips` is when it next changes if nothing happens, None if
    it does not. `conditions` are the parts of `all`, `any` and `none`.
    """

    text: str
    detail: str
    missing: str
    unseen: str
    truth: Truth
    flips: Millis | None
    conditions: "tuple[Branch, ...]"

    def blockers(self, *, wanted: bool = True) -> "Iterator[Branch]":
        """Yield the conditions that keep this one from being `wanted`, as few as say why.

        They are single conditions, in the order of the rule. Under a `none` it is those that hold,
        and of an `any` every one, because any of them would be enough.
        """
        if self.truth.holds is wanted:
            return
        if not self.conditions:
            yield self
        for one in self.conditions:
            yield from one.blockers(wanted=wanted is not (self.text == "none"))


@dataclass(frozen=True, slots=True)
class TierView:
    """One tier (or, with None, the whole of a segment) and its condition, None for `otherwise`."""

    tier: str | None
    condition: Branch | None

    def membership(self, key: str) -> str:
        """Return the name of the membership of a segment or ladder that this is a tier of."""
        return key if self.tier is None else f"{key}.{self.tier}"


@dataclass(frozen=True, slots=True)
class PendingMove:
    """A move that the rule's truth asks for and a setting holds back until an instant."""

    setting: Setting
    target: str | None
    until: Millis


@dataclass(frozen=True, slots=True)
class SegmentView:
    """A segment or ladder: the membership (None outside), the last change and the next.

    `next` is what changes first if nothing happens, None if nothing does.
    """

    key: str
    title: str
    is_ladder: bool
    membership: str | None
    last: Said | None
    next: Said | None
    waiting: PendingMove | None
    tiers: tuple[TierView, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A customer at one instant. `born` is None when there is no profile then.

    `occurs` says whether the customer has any valid event in the files, `nearest` names similar
    customers if not. `refused` counts by kind the customer's events that were not accepted,
    `unusable` those accepted ones in which a property that rules read could not be read.
    `unreadable` counts lines of any customer that were found to be no events; of other customers'
    lines not everything is read. `reasons` tell why. `links` are the customer's anonymous ids,
    `users` those whose the events of this anonymous id have become, the last of them to this day.
    """

    customer: str
    at: Millis | None
    occurs: bool
    nearest: tuple[str, ...]
    born: Millis | None
    events: int
    refused: Mapping[str, int]
    unusable: dict[str, Unusable]
    unreadable: int
    reasons: tuple[RefusalReason, ...]
    last: Event | None
    forgotten: Millis | None
    forgets: Millis | None
    segments: tuple[SegmentView, ...]
    links: tuple[Linked, ...] = ()
    users: tuple[Linked, ...] = ()
