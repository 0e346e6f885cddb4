"""One customer followed closely: when each condition became true or false, and what made it so.

The customer is decided exactly as in a replay. Besides, every condition is looked at whenever its
answer can change: at each event that moves what it asks, at each change, and at every instant
between them at which a leaf flips. An instant at which nothing is said moves no clock, so what is
seen there counts only once the clock has gone past it.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import Final, Literal, NamedTuple, TypeAlias

from streamer.app.nodes import nodes_of
from streamer.codecs.profiles import ProfileCodec
from streamer.codecs.unusable import note
from streamer.core.engine.conditions import LeafNode, Node
from streamer.core.engine.decide import Decision, decide, refusal
from streamer.core.engine.program import Reaction, RuleSet
from streamer.core.profile import Profile
from streamer.hashes import fingerprint
from streamer.types import FOREVER, Event, Millis, Outcome, SegmentChange, Unusable, Wake

Setting: TypeAlias = Literal["min_dwell", "cooldown"]


class Truth(NamedTuple):
    """Whether a condition holds, since when, and the event that made it so (None: time).

    `since` is None where no more of the past is known than a profile remembers.
    """

    holds: bool
    since: Millis | None
    event: Event | None


class Said(NamedTuple):
    """A change and the event that caused it (None: time).

    `setting` is the one that had held the change back until then, if one had.
    """

    change: SegmentChange
    event: Event | None
    setting: Setting | None


class Linked(NamedTuple):
    """Another id of the same person, since an event, and until one (None: to this day)."""

    customer: str
    since: Event
    until: Event | None = None


def _joined(node: Node, truths: Mapping[Node, Truth]) -> bool:
    """Say whether a condition that joins others holds, once these are known."""
    found = (truths[one].holds for one in node.conditions)
    if node.word == "all":
        return all(found)
    return any(found) is (node.word == "any")


class _View(NamedTuple):
    """What is seen of a customer at an instant.

    The truths of all conditions, and for each leaf the next instant at which it can flip by time.
    """

    at: Millis
    truths: dict[Node, Truth]
    upcoming: list[Millis]


_UNSEEN: Final = _View(0, {}, [])


class CustomerTrace:
    """Follows one customer through events and wakes.

    `profile` is None before the first accepted event and after the end of retention, `truths`
    holds the truth of each condition, `said` every change so far. `events` counts the accepted
    events, `last` is the one that came last, `forgotten` the end of the profile before this one.
    `flips` notes when each condition first flipped since it was last emptied. `unusable` are
    the properties of the accepted events that rules read and could not. `links` are the anonymous
    ids of this user, `users` those whose the events of this anonymous id have become.

    `_view` is what was seen when the customer was last looked at, and `_ahead` what is seen later
    if only time passes: it is kept, as a clock often asks for it again and moves nothing.
    """

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        self._codec = ProfileCodec(rules)
        nodes = [node for segment in rules.segments for node in nodes_of(segment)]
        self._leaves = [node for node in nodes if isinstance(node, LeafNode)]
        self._joined = [node for node in reversed(nodes) if not isinstance(node, LeafNode)]
        self._of_all = range(len(self._leaves))
        self._of_memberships = [
            index
            for index, leaf in enumerate(self._leaves)
            if all(rules.cells[slot].of_memberships for slot in leaf.slots)
        ]
        self._asked: dict[tuple[Reaction, bool], Sequence[int]] = {}
        self._plans = {
            tier.membership: segment for segment in rules.segments for tier in segment.tiers
        }
        self._moved: dict[str, Millis] = {}
        self._view = self._ahead = _UNSEEN
        self.profile: Profile | None = None
        self.flips: dict[Node, Millis] = {}
        self.said: list[Said] = []
        self.events = 0
        self.unusable: dict[str, Unusable] = {}
        self.last: Event | None = None
        self.forgotten: Millis | None = None
        self.links: list[Linked] = []
        self.users: list[Linked] = []

    @property
    def truths(self) -> dict[Node, Truth]:
        """The truth of each condition."""
        return self._view.truths

    @classmethod
    def standing(cls, rules: RuleSet, profile: Profile, now: Millis) -> "CustomerTrace":
        """Return a customer of whose past nothing is known but the profile, at an instant.

        The profile is left as it is. `now` is no earlier than its clock.
        """
        found = cls(rules)
        found.profile = found.copied(profile)
        at = max(now, profile.clock)
        found.wake(at)
        if found.profile is not None:
            _, truths, upcoming = found._look(_UNSEEN, at, None)
            known = {node: Truth(one.holds, None, None) for node, one in truths.items()}
            found._see(_View(at, known, upcoming))
        return found

    def copied(self, profile: Profile) -> Profile:
        """Return a profile that is equal and shares nothing with this one."""
        return self._codec.decode(profile.customer, self._codec.encode(profile))

    def take(self, event: Event) -> Outcome:
        """Let an event happen to the customer, after every wake due at or before it."""
        printed = fingerprint(event.id)
        refused = refusal(
            self.profile, event.time, event.appended, printed, self._rules.max_lateness
        )
        if refused is not None:
            return refused
        self.pass_to(event.time)
        decision = decide(self._rules, self.profile, event)
        self.profile = decision.profile
        self.events += 1
        note(self.unusable, decision.unusable)
        self.last = event
        self._note(decision.changes, event)
        if self.profile is not None:
            moved = self._of_all if decision.overflows else self._moved_by(event)
            self._see(self._look(self._view, self.profile.clock, event, moved))
        return decision.outcome

    def wake(self, until: Millis) -> None:
        """Act on every wake due at or before `until`, as log time does."""
        while self.profile is not None and self.profile.wake <= until:
            at = self.profile.wake
            before = self._passed(at - 1)
            decision = decide(self._rules, self.profile, Wake(at))
            self.profile = decision.profile
            self._note(decision.changes, None)
            if self.profile is None:
                self.forgotten = at
                self._see(_UNSEEN)
            elif decision.changes:
                self._see(self._look(before, at, None, self._of_memberships))

    def pass_to(self, until: Millis) -> None:
        """Let time pass up to `until`, with every wake and every flip of a condition."""
        self.wake(until)
        if self.profile is not None and until > self._view.at:
            self._see(self._passed(until))

    def merged(self, decision: Decision, event: Event | None) -> None:
        """Note that another history has joined, as an event came."""
        self.profile = decision.profile
        self._note(decision.changes, event)
        if self.profile is not None:
            now = max(self._view.at, self.profile.clock)
            self._see(self._look(self._view, now, event, self._of_all))

    def closed(self, decision: Decision, event: Event) -> None:
        """Note that the history has joined that of a user, as an event came."""
        self._note(decision.changes, event)
        self.profile = None
        self._see(_UNSEEN)

    def dropped(self, anonymous: str, event: Event) -> None:
        """Note that an anonymous id has gone to another user, as an event came."""
        self.links = [
            one._replace(until=event) if one.customer == anonymous and one.until is None else one
            for one in self.links
        ]

    def ahead(self) -> "CustomerTrace":
        """Return the customer's course if no event comes any more, up to the end of retention.

        Its `said` and `flips` hold only what is yet to come.
        """
        future = copy(self)
        future.profile = None
        if self.profile is not None:
            future.profile = self.copied(self.profile)
        future.said = []
        future.flips = {}
        while future.profile is not None:
            future.wake(future.profile.wake)
        return future

    def _see(self, view: _View) -> None:
        """Let a view be the last one that counts."""
        self._view = self._ahead = view

    def _passed(self, until: Millis) -> _View:
        """Return what is seen at `until`, if only time passes and nothing is said."""
        view = self._ahead if self._ahead.at <= until else self._view
        while self.profile is not None:
            upcoming = min(view.upcoming, default=FOREVER)
            if upcoming > until:
                break
            view = self._look(view, upcoming, None)
        self._ahead = view._replace(at=until)
        return self._ahead

    def _moved_by(self, event: Event) -> Sequence[int]:
        """Return which leaves an event can flip, those that ask about memberships too."""
        reaction, with_traits = self._rules.reaction(event.name), bool(event.traits)
        asked = self._asked.get((reaction, with_traits))
        if asked is None:
            cells = [*reaction.cells, *(self._rules.trait_cells if with_traits else ())]
            moved = {cell.slot for cell in cells}
            touched = {index for index, one in enumerate(self._leaves) if one.slots & moved}
            asked = sorted(touched.union(self._of_memberships))
            self._asked[reaction, with_traits] = asked
        return asked

    def _look(
        self, before: _View, now: Millis, event: Event | None, moved: Sequence[int] = ()
    ) -> _View:
        """Return what is seen at `now`; what flipped did so by the event, or by time.

        Asked are the leaves that may have `moved`, and those that can flip by time. A condition
        that joins others holds by their truths.
        """
        profile = self.profile
        if profile is None:
            return _UNSEEN
        truths, upcoming = before.truths, before.upcoming.copy()
        asked: Iterable[int] = self._of_all
        if truths:
            asked = {*moved, *(index for index, at in enumerate(upcoming) if at <= now)}
        else:
            upcoming = [FOREVER] * len(self._leaves)
        flipped: dict[Node, Truth] = {}
        for index in asked:
            leaf = self._leaves[index]
            holds, upcoming[index] = leaf.test(profile, now)
            truth = truths.get(leaf)
            if truth is None or truth.holds is not holds:
                flipped[leaf] = Truth(holds, now, event)
        if flipped:
            truths = truths | flipped
            for node in self._joined:
                holds = _joined(node, truths)
                truth = truths.get(node)
                if truth is None or truth.holds is not holds:
                    truths[node] = flipped[node] = Truth(holds, now, event)
        for node in flipped:
            self.flips.setdefault(node, now)
        return _View(now, truths, upcoming)

    def _note(self, changes: tuple[SegmentChange, ...], event: Event | None) -> None:
        """Note the changes of one instant."""
        for change in changes:
            held = None if event is not None else self._held(change)
            self.said.append(Said(change, event, held))
        moved = {self._plans[change.segment].key: change.at for change in changes}
        self._moved = {} if self.profile is None else self._moved | moved

    def _held(self, change: SegmentChange) -> Setting | None:
        """Return the setting that let the change pass at its very instant."""
        segment = self._plans[change.segment]
        waited = change.at - self._moved.get(segment.key, change.at)
        if waited and waited == segment.settings.cooldown and change.direction == "entered":
            return "cooldown"
        return "min_dwell" if waited and waited == segment.settings.min_dwell else None
