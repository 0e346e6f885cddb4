"""Load that does not wait for the system, and somebody who watches when changes can be read.

A sender publishes at a steady rate, whatever the workers do: each event carries the instant at
which it was meant to be sent, so that a system which stalls is charged for all that it delayed. A
watcher reads the changes as a subscriber does (committed only) and notes for each how long it took:
from the intended sending of the event that caused it, or from the instant at which time alone made
it true. Both are processes of their own, so that they take no turns with what they measure.
"""

import multiprocessing
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from confluent_kafka import Consumer, Producer
from load import NAMES

from streamer.instants import parse_iso

TICK_S: Final = 0.005
SPAWN: Final = multiprocessing.get_context("spawn")


@dataclass(slots=True)
class Delays:
    """In milliseconds: of changes by an event, from its intended sending, and of timed ones."""

    caused: list[float] = field(default_factory=list)
    timed: list[float] = field(default_factory=list)


def quantiles(values: Sequence[float]) -> str:
    """Return p50, p99 and the maximum as text."""
    ordered = sorted(values)
    if not ordered:
        return "none"
    at = [ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.99, 1)]
    return "p50 {:,.0f} ms, p99 {:,.0f} ms, max {:,.0f} ms ({:,} changes)".format(*at, len(ordered))


@contextmanager
def sending(address: str, topic: str, rate: int, customers: int) -> Iterator[None]:
    """Publish `rate` events a second in the block, of so many customers."""
    with _process(_send, address, topic, rate, customers):
        yield


@contextmanager
def watching(address: str, topic: str) -> Iterator[Delays]:
    """Note in the block how long changes take; the delays are there after the block."""
    delays = Delays()
    answers: Any = SPAWN.Queue()
    with _process(_watch, address, topic, answers) as stopping:
        answers.get()  # it reads
        yield delays
        stopping.set()
        delays.caused, delays.timed = answers.get()


@contextmanager
def _process(work: Any, *arguments: Any) -> Iterator[Any]:  # noqa: ANN401 (passed on)
    stopping = SPAWN.Event()
    process = SPAWN.Process(target=work, args=(*arguments, stopping))
    process.start()
    try:
        yield stopping
    finally:
        stopping.set()
        process.join()


def _send(address: str, topic: str, rate: int, customers: int, stopping: Any) -> None:  # noqa: ANN401
    chance = random.Random(rate)
    producer = Producer({"bootstrap.servers": address, "linger.ms": 2, "acks": "all"})
    start, sent = time.time(), 0
    while not stopping.is_set():
        due = int((time.time() - start) * rate)
        for number in range(sent, due):
            intended = start + number / rate
            customer = f"user-{chance.randrange(customers):06}"
            value = event(f"{intended * 1e3:.3f}", intended, customer, chance)
            producer.produce(topic, value, customer)
        sent = max(sent, due)
        producer.poll(0)
        time.sleep(TICK_S)
    producer.flush()


def event(id_: str, at: float, customer: str, chance: random.Random) -> bytes:
    """Return an event as a storefront sends it, of one of the names of `load`."""
    return orjson.dumps(
        {
            "id": id_,
            "name": chance.choice(NAMES),
            "time": int(at * 1e3),
            "user_id": customer,
            "properties": {
                "product_id": f"prod-{chance.randrange(500):04}",
                "category": "shoes",
                "brand": "acme",
                "price": 5 + chance.randrange(500) * 0.35,
                "quantity": 1,
                "currency": "EUR",
            },
        }
    )


def _watch(address: str, topic: str, answers: Any, stopping: Any) -> None:  # noqa: ANN401
    consumer = Consumer(
        {
            "bootstrap.servers": address,
            "group.id": f"watcher-{time.time_ns()}",
            "isolation.level": "read_committed",
            "auto.offset.reset": "latest",
            "fetch.wait.max.ms": 10,
        }
    )
    consumer.subscribe([topic])
    while not consumer.assignment():
        consumer.poll(0.1)
    answers.put("reads")
    caused, timed = [], []
    while not stopping.is_set():
        messages = consumer.consume(1_000, 0.01)
        now = time.time() * 1e3
        for message in messages:
            change = orjson.loads(message.value() or b"{}")
            cause = change["cause"]
            if cause["kind"] == "event":
                caused.append(now - float(cause["event_id"]))
            else:
                timed.append(now - parse_iso(change["at"]))
    consumer.close()
    answers.put((caused, timed))
