"""One customer cannot grow without end, cost more and more, or hold others up.

A bot sends events of all names with random long texts in all properties that the shipped rules
read. `STREAMER_BOT_EVENTS` is the number of them, in `make proof` a million.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import orjson
import pytest

from streamer.adapters.memory import MemoryLog, MemorySink, MemoryStore
from streamer.analysis.inventory import inventory
from streamer.app.inputs import Rules, load_rules
from streamer.codecs.events import decode
from streamer.codecs.profiles import ProfileCodec
from streamer.core.engine.decide import decide
from streamer.types import HOUR, MINUTE, Event, Millis, SegmentChange
from streamer.worker import Batching, LogRunner, PartitionTask

pytestmark = pytest.mark.longer

EVENTS = int(os.environ.get("STREAMER_BOT_EVENTS", "5000"))
START: Millis = 1_795_323_600_000
STEPS = ((1_000, EVENTS), (1, min(EVENTS, 30_000)), (HOUR, min(EVENTS, 30_000)))
"""How far the bot's events are apart, from all in every window to through all of them, and how many
there are."""
DEARER = 1.5
"""The last tenth of the events may take so many times the calls that the fifth tenth took: what
grew all the time would take twice as many."""
READ_AGAIN = 50
COUNTED = 10
"""Of every so many events one is counted: to count is slow."""


@pytest.fixture(scope="module")
def rules() -> Rules:
    return load_rules([str(Path(__file__).parents[1] / "rules")])


class Bot:
    """Writes events that no two have a value in common."""

    def __init__(self, rules: Rules) -> None:
        self.random = Random(1)  # noqa: S311  a seed, not secrecy
        needs = inventory(rules).segments
        self.names = sorted({name for one in needs for name in one.events} - {"any"})
        self.properties = sorted({name for one in needs for name in one.properties})
        self.traits = sorted({name for one in needs for name in one.traits})

    def text(self) -> str:
        return f"{self.random.getrandbits(400):0100x}"

    def values(self) -> dict[str, Any]:
        """A text for each property, and a number for some of those that are added up."""
        texts: dict[str, Any] = {name: self.text() for name in self.properties}
        return texts | {"price": self.random.random(), "quantity": 2, "revenue": 5.5}

    def events(self, number: int, step: Millis) -> Iterator[Event]:
        for place in range(number):
            name = self.random.choice(self.names)
            products = [self.values() for _ in range(3)]
            traits = {trait: self.text() for trait in self.traits} if place % 10 == 0 else None
            said = {**self.values(), "products": products}
            yield Event(f"bot-{place}", name, "bot", START + step * place, said, traits)


@contextmanager
def counting(calls: list[int], place: int, *, on: bool) -> Iterator[None]:
    """Count the calls of functions, Python's and C's: the same however busy the machine is."""

    def count(_frame: FrameType, kind: str, _of: object) -> None:
        calls[place] += kind in {"call", "c_call"}

    before = sys.getprofile()
    if on:
        sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(before)


@pytest.mark.parametrize(("step", "number"), STEPS)
def test_bytes_and_work_per_event_of_a_bot_stay_flat(
    rules: Rules, step: Millis, number: int
) -> None:
    compiled, codec = rules.compiled, ProfileCodec(rules.compiled)
    most = inventory(rules).total
    calls = [0] * 10
    overflows = 0
    profile = None
    for place, event in enumerate(Bot(rules).events(number, step)):
        with counting(calls, place * 10 // number, on=place % COUNTED == 0):
            decision = decide(compiled, profile, event)
            profile = decision.profile
            assert profile is not None
            stored = codec.encode(profile)
        overflows += len(decision.overflows)
        assert len(stored) <= most
        assert profile.weight <= compiled.most_bytes
        if place % READ_AGAIN == 0:
            profile = codec.decode("bot", stored)
    assert overflows > 0
    assert calls[9] <= DEARER * calls[4]


def line_of(event: Event) -> bytes:
    record = {"id": event.id, "name": event.name, "time": event.time, "user_id": event.customer}
    traits = {} if event.traits is None else {"traits": event.traits}
    return orjson.dumps(record | {"properties": event.properties} | traits)


def told_of_others(rules: Rules, events: list[Event], most: int) -> list[SegmentChange]:
    """What a worker says of all but the bot; each cycle takes a whole batch, whoever is in it."""
    log, sink = MemoryLog(), MemorySink()
    for event in sorted(events, key=lambda one: one.time):
        log.append(line_of(event), event.time)
    task = PartitionTask(rules.compiled, MemoryStore(), sink, decode, batching=Batching(batch=most))
    runner = LogRunner(task, log, sink, most)
    runner.start()
    cycles = 0
    while runner.step():
        cycles += 1
    assert cycles == -(-len(events) // most)
    return [change for change in sink.changes if change.customer != "bot"]


def test_a_bot_delays_nobody(rules: Rules) -> None:
    names = ("page_viewed", "product_viewed", "product_added", "checkout_started")
    others = [
        Event(f"{who}-{place}", name, f"c-{who}", START + who + MINUTE * place, {"product_id": "p"})
        for who in range(20)
        for place, name in enumerate(names)
    ]
    alone = told_of_others(rules, others, 100)
    assert len(alone) > len(others)
    bot = list(Bot(rules).events(min(EVENTS, 3_000), 100))
    assert told_of_others(rules, others + bot, 100) == alone
