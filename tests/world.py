"""A small world in which workers share partitions while everything fails: all from one seed.

The log, the store and the sink are the memory adapters, the workers the real ones. A broker's clock
stamps what is appended. The sink refuses a worker that the group has taken the partition from, as a
broker does with a stale generation of the group.
"""

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from zlib import crc32

import orjson

from streamer.adapters.memory import MemoryFeed, MemoryLog, MemorySink, MemoryStore
from streamer.codecs.controls import ControlKey, is_control, order_record
from streamer.codecs.events import decode
from streamer.core.engine.identity import Erase, Release, Suppress, Unlink
from streamer.core.engine.program import RuleSet
from streamer.errors import AdapterError, Fenced, Unavailable
from streamer.ports import OutboxEntry, PublishedMark
from streamer.types import HOUR, MINUTE, SECOND, Control, Millis, Record, SegmentChange
from streamer.worker import Batching, Clocks, LogRunner, PartitionTask, Stopwatch, Worker
from tests.crashing import Calls, Crash, InterruptedFeed, InterruptedSink, InterruptedStore, crash
from tests.lives import START

PARTITIONS = 3
CUSTOMERS = 24
USERS = 6
DEVICES = 10
LATENESS = 2 * SECOND
NAMES = ("product_viewed", "product_viewed", "product_added", "order_completed", "page_viewed")


@dataclass
class Member:
    """One process of the group: its worker, its view of the assignment, its rules."""

    name: str
    feed: MemoryFeed
    worker: Worker
    calls: Calls
    rules: RuleSet


class GroupSink:
    """The sink as one member reaches it: refused for partitions that others have now."""

    def __init__(self, sink: MemorySink, gives: Callable[[int], bool]) -> None:
        self._sink = sink
        self._gives = gives

    def mark(self, partition: int, before: str = "") -> PublishedMark:
        return self._sink.mark(partition, before)

    def publish(self, batch: Sequence[OutboxEntry]) -> None:
        if not all(self._gives(entry.partition) for entry in batch):
            raise Fenced("the group has given the partition to somebody else")
        self._sink.publish(batch)


@dataclass
class World:
    """Everything there is. `now` is the broker's clock, `rules` are those in the rule files.

    With `joining`, customers have several ids, and partitions tell each other of them.
    """

    rules: RuleSet
    seed: int
    joining: ControlKey | None = None
    store: MemoryStore = field(default_factory=MemoryStore)
    sink: MemorySink = field(default_factory=MemorySink)
    log: MemoryLog = field(default_factory=MemoryLog)
    now: Millis = START
    owners: dict[int, str] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    fenced: int = 0
    births: int = 0
    decided_by: dict[str, RuleSet] = field(default_factory=dict)
    """The rules of every owner, by its name."""
    away: bool = False

    def __post_init__(self) -> None:
        self.sink = MemorySink(self.tell)
        self.chance = Random(self.seed)  # noqa: S311 (a seed, not secrecy)
        self.snapshots: list[MemoryStore] = []
        self.stalled: set[str] = set()
        self.orders: list[Control] = []
        self.ids = 0

    # What happens in the shop

    def shop(self) -> None:
        """Let some customers do something; some of it comes late, twice, or broken."""
        chance = self.chance
        for _ in range(chance.randrange(1, 6)):
            self.now += chance.choice((1, 40, 900, 20 * SECOND))
            ids = self.ids_of_somebody()
            late = chance.choice((0, 0, 0, 5, 1_500, 40 * MINUTE, 30 * HOUR))
            twice = self.ids and chance.random() < 0.05
            self.ids += not twice
            event = {
                "id": f"e-{self.ids}",
                "name": chance.choice(NAMES),
                "time": self.now - late,
                **ids,
                "properties": {"product_id": chance.choice("abc")},
            }
            line = orjson.dumps(event) if chance.random() > 0.03 else b'{"id": '
            customer = ids.get("user_id") or ids["anonymous_id"]
            self.log.append(line, self.now, partition=partition_of(customer), key=customer.encode())

    def order(self) -> None:
        """Let a person ask for something: to be erased, mostly."""
        chance = self.chance
        ids = {
            "user_id": f"u-{chance.randrange(USERS)}",
            "device": f"a-{chance.randrange(DEVICES)}",
        }
        who = chance.choice(list(ids.values()))
        order = chance.choice(
            (Erase(who, self.now), Erase(who, self.now), Unlink(who), Suppress(who), Release(who))
        )
        if self.joining is not None:
            self.orders.append(order_record(order, self.joining))
            self.tell(self.orders[-1])

    def ids_of_somebody(self) -> dict[str, str]:
        """Draw who does something: a customer, or with `joining` a user, a device, or both."""
        chance = self.chance
        if self.joining is None:
            return {"user_id": f"c-{chance.randrange(CUSTOMERS)}"}
        user = {"user_id": f"u-{chance.randrange(USERS)}"}
        device = {"anonymous_id": f"a-{chance.randrange(DEVICES)}"}
        return chance.choice((user, device, device, user | device))

    def tell(self, control: Control) -> None:
        """Append what a task tells another one to the log of events."""
        to, key = partition_of(control.key), control.key.encode()
        self.log.append(control.value, self.now, partition=to, key=key, headers=control.headers)

    # What happens to the processes

    def join(self) -> None:
        """Let a new member come, with a clock of its own."""
        self.births += 1
        name = f"m-{self.births}"
        feed = MemoryFeed(self.log)
        calls = Calls()
        ahead = LATENESS // 2 if self.joining is None else 0  # a join may come after what was early
        skew = self.chance.choice((-LATENESS // 2, 0, ahead))
        steady = self.chance.randrange(1_000_000)
        store = InterruptedStore(self.store, calls)
        calls.check = self.reach_store
        sink = InterruptedSink(GroupSink(self.sink, lambda p: self.owners.get(p) == name), calls)
        claims = iter(range(1_000_000))
        wakes = self.chance.choice((1, 2, 50))
        batching = Batching(batch=4, wakes=wakes, cache=4, renewals=wakes, in_order=False)

        def task_factory(partition: int) -> PartitionTask:
            owner, rules = f"{name}/{next(claims)}", self.members[name].rules
            self.decided_by[owner] = rules
            return PartitionTask(
                rules,
                store,
                sink,
                decode,
                partition=partition,
                batching=batching,
                owner=owner,
                joining=self.joining,
            )

        clocks = Clocks(
            lambda: calls.make(lambda: self.now + skew, reaches=False),
            lambda: calls.make(lambda: self.now + steady, reaches=False),
        )
        interrupted = InterruptedFeed(feed, calls)
        worker = Worker(interrupted, sink, task_factory, batching, clocks, self, Stopwatch())
        self.members[name] = Member(name, feed, worker, calls, self.rules)

    def give(self, partition: int, name: str, *, told: bool = True) -> None:
        """Give a partition to a member; who had it hears of it now, or later (a zombie)."""
        before = self.members.get(self.owners.get(partition, ""))
        if before is not None and partition in before.feed.assigned() and told:
            before.feed.withdraw(partition)
        self.owners[partition] = name
        self.members[name].feed.give(partition)

    def wake_zombies(self) -> None:
        """Let everybody hear what the group gives them."""
        for member in self.members.values():
            for partition in list(member.feed.assigned()):
                if self.owners.get(partition) != member.name:
                    member.feed.withdraw(partition)

    def turn(self, name: str) -> None:
        """Let a member work for one turn, unless it stands still."""
        if name not in self.stalled:
            self._act(name, self.members[name].worker.run_once)

    def _act(self, name: str, act: Callable[[], object]) -> None:
        """Let a member act; if its process dies of it, its partitions go to others."""
        try:
            act()
        except Crash:
            self.kill(name)

    def kill(self, name: str) -> None:
        """End a member; a new one comes for it, and its partitions are given out."""
        del self.members[name]
        self.join()
        for partition, owner in self.owners.items():
            if owner == name:
                self.give(partition, self.chance.choice(list(self.members)))

    def crash_soon(self, name: str) -> None:
        """Let a member's process end at one of its next calls, before or after it took effect."""
        self._interrupt_soon(name, crash)

    def rewind_soon(self, name: str) -> None:
        """Let the store lose something between two of a member's next calls."""
        self._interrupt_soon(name, self.rewind)

    def stall_soon(self, name: str) -> None:
        """Let a member's process stand still between two of its next calls."""
        self._interrupt_soon(name, lambda: self.stall(name))

    def stall(self, name: str) -> None:
        """Let everything but this member go on, for seconds, or until its session is over.

        As under SIGSTOP, or while the process waits for CPU, memory or a collection of garbage.
        """
        chance = self.chance
        self.stalled.add(name)
        try:
            if chance.random() < 0.3:  # its session is over
                for partition in [p for p, owner in self.owners.items() if owner == name]:
                    self.give(partition, chance.choice(list(self.members)), told=False)
            for _ in range(chance.randrange(4)):
                self.shop()
                self.turn(chance.choice(list(self.members)))
            self.now += chance.choice((0, 3 * SECOND, 20 * SECOND, 31 * MINUTE))
        finally:
            self.stalled.discard(name)

    def _interrupt_soon(self, name: str, act: Callable[[], object]) -> None:
        calls, chance = self.members[name].calls, self.chance
        calls.interrupt(calls.made + chance.randrange(40), after=chance.random() < 0.5, act=act)

    def read_rules(self, name: str) -> None:
        """Let a member read the rule files anew."""
        member = self.members[name]
        if member.rules.version != self.rules.version:
            member.rules = self.rules
            self._act(name, member.worker.claim_all_again)

    def wait(self, millis: Millis) -> None:
        """Let time pass."""
        self.now += millis

    # What happens to the store

    def come_and_go(self) -> None:
        """Make store and sink unreachable, or reachable again."""
        self.away = not self.away

    def reach_store(self) -> None:
        """Fail as long as nothing can be reached."""
        if self.away:
            raise Unavailable("cannot be reached")

    def remember(self) -> None:
        """Keep a copy of the store, as a backup or an older append-only file does."""
        self.snapshots.append(deepcopy(self.store))

    def rewind(self, *, to_nothing: bool = False) -> None:
        """Let the store lose a suffix of its commits, or everything."""
        old = (
            MemoryStore()
            if to_nothing or not self.snapshots
            else self.chance.choice(self.snapshots)
        )
        self.store.__dict__.update(deepcopy(old).__dict__)
        self.snapshots.clear()

    # What members note

    def on_assigned(self, partition: int, task: PartitionTask) -> None:
        """Hear that a partition has a task."""

    def on_failure(self, partition: int, error: AdapterError, pause: Millis) -> None:  # noqa: ARG002
        """Count how often somebody was fenced; nothing happens here that does not pass."""
        if not isinstance(error, Fenced | Unavailable):
            raise error
        self.fenced += isinstance(error, Fenced)

    def on_migrated(self, partition: int, task: PartitionTask) -> None:
        """Hear that everybody is decided under the rules that the worker has."""

    def on_revoked(self, partition: int) -> None:
        """Hear that a partition went."""

    # How it ends

    def heal(self) -> Millis:
        """End all trouble, let everything be worked off, and return up to when time has come."""
        self.away = False
        self.wake_zombies()
        for name in list(self.members):
            self.read_rules(name)
        self.now += HOUR
        for partition in range(PARTITIONS):
            self.log.append(b"the last one", self.now, partition=partition)
            mark = {"id": f"end-{partition}", "name": "page_viewed", "time": self.now}
            line = orjson.dumps({**mark, "user_id": f"end-{partition}"})
            self.log.append(line, self.now, partition=partition)
        until = self.now - LATENESS
        for _ in range(400):
            for name in list(self.members):
                self.turn(name)
            self.now += 50
        return until

    def expected(self, until: Millis) -> dict[str, list[SegmentChange]]:
        """Return every customer's changes as one worker, alone and undisturbed, says them."""
        return by_customer(self.undisturbed(until)[0], until)

    def undisturbed(self, until: Millis) -> tuple[list[SegmentChange], list[list[Control]]]:
        """Return what undisturbed workers say, and what each tells others."""
        told: list[list[Control]] = [[] for _ in range(PARTITIONS)]
        changes: list[SegmentChange] = []
        for partition in range(PARTITIONS):
            sink = MemorySink(told[partition].append)
            task = PartitionTask(
                self.rules,
                MemoryStore(),
                sink,
                decode,
                partition=partition,
                joining=self.joining,
            )
            runner = LogRunner(task, self.log, sink, Batching().batch)
            runner.start()
            while runner.step():
                pass
            runner.fire_due(until)
            changes += sink.changes
        return changes, told

    def controls(self) -> list[Control]:
        """Return the control records in the log."""
        return [
            Control((record.key or b"").decode(), record.value, record.headers)
            for record in self.records()
            if is_control(record)
        ]

    def records(self) -> list[Record]:
        """Return everything in the log."""
        return [r for p in range(PARTITIONS) for r in self.log.read(p, 0, 1 << 30)]


def partition_of(customer: str) -> int:
    """Return the partition in which a customer's events are."""
    return crc32(customer.encode()) % PARTITIONS


def by_customer(changes: Iterable[SegmentChange], until: Millis) -> dict[str, list[SegmentChange]]:
    """Return the changes up to an instant, by whose they are, in their order."""
    found: dict[str, list[SegmentChange]] = {}
    for change in changes:
        if change.at <= until:
            found.setdefault(change.customer, []).append(change)
    return found
