"""One customer of a small rule set, in milliseconds of the test's own: 0 is `START`."""

import dataclasses
from typing import Any, TypeAlias

from streamer.codecs.profiles import ProfileCodec
from streamer.core.columns import Row
from streamer.core.engine.decide import Decision, decide, fold_into, shrink
from streamer.core.engine.program import RuleSet
from streamer.core.leaf import Answer
from streamer.core.profile import Profile
from streamer.core.rules.compile import Declaration, compile_rules
from streamer.core.rules.spec import Condition, Header, Ladder, Segment
from streamer.hashes import fingerprint
from streamer.types import DAY, FOREVER, Event, Millis, Wake

START = 1_767_225_600_000
"""2026-01-01T00:00 in UTC."""
CENTURY = 36_525 * DAY
Said: TypeAlias = list[tuple[Millis, str]]
"""When and what: `+s` for entering s, `-s` for leaving it."""


def everything(profile: Profile | None) -> dict[str, Any]:
    """All that a profile holds, cached answers too."""
    if profile is None:
        return {}
    names = (name for name, part in vars(Profile).items() if not callable(part))
    return {name: getattr(profile, name) for name in names if not name.startswith("_")}


def on(at: Millis, name: str = "seen", **properties: Any) -> Event:  # noqa: ANN401  as in JSON
    """An event at that time; its id is given when it happens."""
    return Event("", name, "c", START + at, properties)


def known(at: Millis, **traits: Any) -> Event:  # noqa: ANN401  as in JSON
    """An event that carries nothing but traits."""
    return Event("", "identified", "c", START + at, {}, traits)


def segment(when: Condition, key: str = "s", **settings: Any) -> Segment:  # noqa: ANN401  many
    """A segment with these settings."""
    plain = Segment(key, key, "To be tested.", when)
    return dataclasses.replace(plain, settings=dataclasses.replace(plain.settings, **settings))


def compiled(*declared: Condition | Declaration, header: Header | None = None) -> RuleSet:
    """A rule set; a condition alone is the segment `s`."""
    segments = [one if isinstance(one, Segment | Ladder) else segment(one) for one in declared]
    return compile_rules(header or Header(), segments)


class Shopper:
    """A customer to whom things happen, one after another."""

    def __init__(self, *declared: Condition | Declaration, header: Header | None = None) -> None:
        self.rules = compiled(*declared, header=header)
        self.profile: Profile | None = None
        self.overflows = 0
        self._events = 0

    def does(self, *events: Event) -> Said:
        """Decide the events, each accepted, with an id of its own if it has none."""
        return [change for event in events for change in self._said(self.decides(event))]

    def decides(self, event: Event) -> Decision:
        """Decide one event, accepted or not."""
        self._events += 1
        named = event if event.id else event._replace(id=f"e{self._events}")
        return self._take(decide(self.rules, self.profile, named))

    def learns(self, event: Event) -> None:
        """Fold an event into the cells, and decide nothing."""
        self.profile = profile = self.alive
        self._events += 1
        profile.accept(fingerprint(event.id), event.time, self.rules.header.max_lateness)
        reaction, columns = self.rules.reaction(event.name), self.rules.columns
        properties, traits = event.properties, event.traits
        told = (reaction.standard, event.context, self.rules.zone)
        row = Row(event.name, event.time, properties, traits, columns, *told)
        fold_into(reaction.cells, profile, row)
        if event.traits:
            fold_into(self.rules.trait_cells, profile, row)
        if profile.weight > self.rules.most_bytes:
            shrink(self.rules, profile)

    def waits(self, until: Millis) -> Said:
        """Act on the wakes that are due."""
        return self._said(self._take(decide(self.rules, self.profile, Wake(START + until))))

    def _take(self, decision: Decision) -> Decision:
        self.profile = decision.profile
        self.overflows += len(decision.overflows)
        return decision

    @staticmethod
    def _said(decision: Decision) -> Said:
        assert decision.outcome == "applied"
        signs = {"entered": "+", "exited": "-"}
        return [
            (change.at - START, signs[change.direction] + change.segment)
            for change in decision.changes
        ]

    @property
    def alive(self) -> Profile:
        """The profile, of which there must be one; before the first event an empty one."""
        if self.profile is None:
            assert not self._events
            return Profile("c", START, len(self.rules.cells), len(self.rules.segments))
        return self.profile

    @property
    def bytes(self) -> bytes:
        """All that is kept of the customer."""
        return ProfileCodec(self.rules).encode(self.alive)

    def reread(self) -> "Shopper":
        """Come back from the bytes."""
        self.profile = ProfileCodec(self.rules).decode("c", self.bytes)
        return self

    def answer(self, at: Millis) -> Answer:
        """What the first condition of the first segment answers, in the test's own time."""
        when = self.rules.segments[0].tiers[0].when
        assert when is not None
        holds, until = when.test(self.alive, START + at)
        return holds, until if until == FOREVER else until - START

    def because(self, *, holds: bool) -> list[str]:
        """What the first condition of the first segment says its answer rests on, at the clock."""
        when = self.rules.segments[0].tiers[0].when
        assert when is not None
        return when.because(self.alive, self.alive.clock, holds)

    def story(self) -> str:
        """Tell the truth from the clock on as time alone changes it: `+4 -10` is true till 10."""
        now = self.alive.clock - START
        told: list[str] = []
        before = None
        while now < FOREVER:
            holds, until = self.answer(now)
            assert holds is not before, f"nothing flips at {now}"
            last = now + CENTURY if until == FOREVER else until - 1
            assert self.answer(last) == (holds, until), f"something flips before {until}"
            told.append(f"{'+' if holds else '-'}{now}")
            now, before = until, holds
        return " ".join(told)


def story(question: Condition, events: list[Event]) -> str:
    """What a condition answers after these events."""
    shopper = Shopper(question)
    shopper.does(*events)
    return shopper.story()
