"""One customer followed closely: when each condition became true or false, and what made it so.

The customer is decided exactly as in a replay. Besides, every condition is looked at whenever its
answer can change: at each event, at each change, and at every instant between them at which a
leaf flips. An instant at which nothing is said moves no clock, so what is seen there counts only
once the clock has gone past it.
"""

from copy import copy
from typing import Literal, NamedTuple, TypeAlias

from streamer.app.nodes import nodes_of
from streamer.codecs.profiles import ProfileCodec
from streamer.codecs.unusable import note
from streamer.core.engine.conditions import LeafNode, Node
from streamer.core.engine.decide import Decision, decide, refusal
from streamer.core.engine.program import RuleSet
from streamer.core.profile import Profile
from streamer.hashes import fingerprint
from streamer.types import FOREVER, Event, Millis, Outcome, SegmentChange, Unusable, Wake

_View: TypeAlias = "tuple[dict[Node, Truth], Millis]"
"""The truths of all conditions, and the next instant at which a leaf can flip by time."""
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


class CustomerTrace:
    """Follows one customer through events and wakes.

    `profile` is None before the first accepted event and after the end of retention, `truths`
    holds the truth of each condition, `said` every change so far. `events` counts the accepted
    events, `last` is the one that came last, `forgotten` the end of the profile before this one.
    `flips` notes when each condition first flipped since it was last emptied. `unusable` are
    the properties of the accepted events that rules read and could not. `links` are the anonymous
    ids of this user, `users` those whose the events of this anonymous id have become.

    `_seen` is the instant at which the customer was last looked at, and until `_next` no leaf can
    flip by time.
    """

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        self._codec = ProfileCodec(rules)
        nodes = [node for segment in rules.segments for node in nodes_of(segment)]
        self._leaves = [node for node in nodes if isinstance(node, LeafNode)]
        self._joined: list[Node] = [node for node in nodes if not isinstance(node, LeafNode)]
        self._plans = {
            tier.membership: segment for segment in rules.segments for tier in segment.tiers
        }
        self._moved: dict[str, Millis] = {}
        self._seen: Millis = 0
        self._next: Millis = FOREVER
        self.profile: Profile | None = None
        self.truths: dict[Node, Truth] = {}
        self.flips: dict[Node, Millis] = {}
        self.said: list[Said] = []
        self.events = 0
        self.unusable: dict[str, Unusable] = {}
        self.last: Event | None = None
        self.forgotten: Millis | None = None
        self.links: list[Linked] = []
        self.users: list[Linked] = []

    @classmethod
    def standing(cls, rules: RuleSet, profile: Profile, now: Millis) -> "CustomerTrace":
        """Return a customer of whose past nothing is known but the profile, at an instant.

        The profile is left as it is. `now` is no earlier than its clock.
        """
        found = cls(rules)
        found.profile = found.copied(profile)
        found.pass_to(max(now, profile.clock))
        if found.profile is not None:
            truths, found._next = found._look({}, found._seen, None)
            found.truths = {node: Truth(one.holds, None, None) for node, one in truths.items()}
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
            self._seen = self.profile.clock
            self.truths, self._next = self._look(self.truths, self._seen, event)
        return decision.outcome

    def wake(self, until: Millis) -> None:
        """Act on every wake due at or before `until`, as log time does."""
        while self.profile is not None and self.profile.wake <= until:
            at = self.profile.wake
            before, _ = self._passed(at - 1)
            decision = decide(self._rules, self.profile, Wake(at))
            self.profile = decision.profile
            self._note(decision.changes, None)
            if self.profile is None:
                self.truths, self._seen, self.forgotten = {}, 0, at
            elif decision.changes:
                self._seen = at
                self.truths, self._next = self._look(before, at, None)

    def pass_to(self, until: Millis) -> None:
        """Let time pass up to `until`, with every wake and every flip of a condition."""
        self.wake(until)
        if self.profile is not None and until > self._seen:
            self._seen = until
            self.truths, self._next = self._passed(until)

    def merged(self, decision: Decision, event: Event | None) -> None:
        """Note that another history has joined, as an event came."""
        self.profile = decision.profile
        self._note(decision.changes, event)
        if self.profile is not None:
            self._seen = max(self._seen, self.profile.clock)
            self.truths, self._next = self._look(self.truths, self._seen, event)

    def closed(self, decision: Decision, event: Event) -> None:
        """Note that the history has joined that of a user, as an event came."""
        self._note(decision.changes, event)
        self.profile, self.truths, self._seen = None, {}, 0

    def dropped(self, anonymous: str, event: Event) -> None:
        """Note that an anonymous id has gone to another user, as an event came."""
        self.links = [
            one._replace(until=event) if one.customer == anonymous and one.until is None else one
            for one in self.links
        ]

    def ahead(self) -> "CustomerTrace":
        """Return what follows if nothing happens any more, up to the end of retention.

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

    def _passed(self, until: Millis) -> _View:
        """Return what is seen at `until`, if only time passes and nothing is said."""
        view = self.truths, self._next
        while self.profile is not None and view[1] <= until:
            view = self._look(view[0], view[1], None)
        return view

    def _look(self, truths: dict[Node, Truth], now: Millis, event: Event | None) -> _View:
        """Return what is seen at `now`; what flipped did so by the event, or by time.

        Where no leaf flips, no condition that joins leaves does.
        """
        profile, upcoming = self.profile, FOREVER
        flipped: dict[Node, Truth] = {}
        if profile is None:
            return {}, FOREVER
        for leaf in self._leaves:
            holds, flip = leaf.test(profile, now)
            upcoming = min(upcoming, flip)
            truth = truths.get(leaf)
            if truth is None or truth.holds is not holds:
                flipped[leaf] = Truth(holds, now, event)
        if flipped:
            for node in self._joined:
                holds, _ = node.test(profile, now)
                truth = truths.get(node)
                if truth is None or truth.holds is not holds:
                    flipped[node] = Truth(holds, now, event)
        for node in flipped:
            self.flips.setdefault(node, now)
        return truths | flipped if flipped else truths, upcoming

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
