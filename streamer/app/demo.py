"""The whole product in one process: a simulated shop, the worker, everything in one SQLite file.

The shop's clock runs ahead of the wall clock. Each event is appended to the log at the time at
which it arrives in the shop, so log time moves as it does live; the wakes that are due then fire
although nothing happens. What is decided depends on the events and the rules alone, not on how
fast the machine is.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from streamer.adapters.database import Database
from streamer.adapters.sqlite import SqliteLog, SqliteSink, SqliteStore
from streamer.analysis.explain import explain
from streamer.analysis.explanation import Explanation
from streamer.app.inputs import EventReading
from streamer.app.nodes import leaves_of
from streamer.codecs.events import decode
from streamer.core.engine.program import RuleSet
from streamer.simulation import Simulation, simulate
from streamer.types import SECOND, Millis, SegmentChange
from streamer.worker import Batching, LogRunner, PartitionTask

STEP: Final = 0.1
"""The pause between two steps of the demonstration, in seconds."""


@dataclass(slots=True)
class MembershipCount:
    """How often a segment or tier was entered and exited, and who is inside.

    `members` holds the instant at which each customer entered, the earliest first.
    """

    title: str
    entered: int = 0
    exited: int = 0
    members: dict[str, Millis] = field(default_factory=dict)


class Demo:
    """A shop in accelerated time.

    `now` is the shop's clock, `began` where it began, both in ms since 1970. `memberships` holds
    every membership of the rules, in the order in which they are decided; `events` and `changes`
    count what happened. The file must be a new one.
    """

    def __init__(self, rules: RuleSet, database: Database, simulation: Simulation) -> None:
        self._rules = rules
        self._log = SqliteLog(database)
        self._store = SqliteStore(database)
        self._sink = SqliteSink(database)
        self._arrivals = simulate(simulation)
        self._next = next(self._arrivals)
        self._batching = Batching()
        self._runner = self._started()
        self._last = 0
        self.began = self.now = simulation.start
        self.events = 0
        self.changes = 0
        self.memberships = {
            tier.membership: MembershipCount(segment.title)
            for segment in rules.segments
            for tier in segment.tiers
        }

    def advance(self, until: Millis) -> list[SegmentChange]:
        """Let the shop's clock go on to `until` and return the changes that came of it."""
        while self._next.at <= until:
            self._log.append(self._next.line, self._next.at)
            self.events += 1
            self._next = next(self._arrivals)
        self.now = until
        self._decide()
        return self._heard()

    def recover(self) -> None:
        """Let a new task finish what another was interrupted in, and count all changes again."""
        self._runner = self._started()
        self._decide()
        self._last = self.changes = 0
        for name, one in self.memberships.items():
            self.memberships[name] = MembershipCount(one.title)
        self._heard()

    def example(self) -> tuple[str, str] | None:
        """Return a customer and a membership worth explaining, None if all segments are empty.

        It is the segment whose rule asks most, and of its members one who is in most segments.
        """
        inside = Counter(customer for one in self.memberships.values() for customer in one.members)
        asks = {
            segment.key: sum(1 for _ in leaves_of(segment))
            for segment in self._rules.segments
            if not segment.is_ladder
        }
        peopled = [key for key in asks if self.memberships[key].members]
        if not peopled:
            return None
        segment = max(peopled, key=lambda key: asks[key])
        members = self.memberships[segment].members
        return max(members, key=lambda who: (inside[who], members[who])), segment

    def explain(self, customer: str, segment: str) -> Explanation:
        """Return why the customer is in the segment, and until when, as of now."""
        return explain(
            self._rules, EventReading(self._log, decode), customer, segment=segment, at=self.now
        )

    def _started(self) -> LogRunner:
        task = PartitionTask(self._rules, self._store, self._sink, decode, batching=self._batching)
        runner = LogRunner(task, self._log, self._sink, self._batching.batch)
        runner.start()
        return runner

    def _decide(self) -> None:
        """Work on what the log holds, then do what is due now although nothing happens."""
        while self._runner.step():
            pass
        self._runner.fire_due(self.now - self._rules.lateness)

    def _heard(self) -> list[SegmentChange]:
        """Return the changes published since the last call, and count them."""
        heard: list[SegmentChange] = []
        while fresh := self._sink.changes(self._last):
            self._last = fresh[-1][0]
            heard.extend(change for _, change in fresh)
        for change in heard:
            membership = self.memberships[change.segment]
            if change.direction == "entered":
                membership.entered += 1
                membership.members[change.customer] = change.at
            else:
                membership.exited += 1
                del membership.members[change.customer]
        self.changes += len(heard)
        return heard


def play(
    demo: Demo,
    seconds: float,
    speed: float,
    clock: Callable[[], float],
    wait: Callable[[float], None],
    show: Callable[[list[SegmentChange]], None],
) -> bool:
    """Run the demo for so many seconds; False if Ctrl-C ended it before, which ends it well.

    In each second of `clock`, `speed` seconds pass in the shop, from where it stands. `show` gets
    the changes of every step.
    """
    began, at = clock(), demo.now
    try:
        while True:
            passed = min(clock() - began, seconds)
            show(demo.advance(at + int(passed * speed * SECOND)))
            if passed >= seconds:
                return True
            wait(STEP)
    except KeyboardInterrupt:
        demo.recover()
        show([])
        return False
