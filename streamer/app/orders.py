"""The requests of a person: to be erased, suppressed, released, unlinked, or given an export.

Each order goes into the log of events, signed, where the workers of the group carry it out. The
reason of each, and of each question about a person, goes into the audit topic, where the id stands
as a keyed hash and nothing else names the person.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from streamer.adapters.kafka import Connection, Topics
from streamer.adapters.kafka.orders import give_order, write_audit
from streamer.adapters.kafka.reading import KafkaReader
from streamer.codecs.controls import ControlKey, Order, mark_id, order_record
from streamer.instants import iso, parse_iso
from streamer.types import Millis

_QUESTIONS: Final = frozenset({"status", "export"})
"""What the audit has beside orders."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, of whom, and why: `now` is when, in ms since 1970."""

    connection: Connection
    topics: Topics
    key: ControlKey
    customer: str
    reason: str
    now: Millis

    @property
    def hashed(self) -> str:
        """The id as the audit has it."""
        return mark_id(self.customer, self.key).hex()


@dataclass(frozen=True, slots=True)
class Given:
    """An order as the audit has it; `partition` and `offset` are None where it does not say.

    `refused` is why workers have not carried it out, where they have said so.
    """

    action: str
    at: Millis
    reason: str
    partition: int | None = None
    offset: int | None = None
    refused: str | None = None


def order(asking: Asking, what: Order) -> tuple[int, int]:
    """Give an order; return the partition and the offset at which it stands in the log."""
    action = type(what).__name__.lower()

    def audit(stands: tuple[int, int] | None) -> bytes:
        return _audit(asking, action, stands)

    record = order_record(what, asking.key)
    return give_order(asking.connection, asking.topics, record, asking.hashed, audit)


def note(asking: Asking, action: str) -> None:
    """Write into the audit topic that a command asked about a person."""
    write_audit(asking.connection, asking.topics, asking.hashed, _audit(asking, action, None))


def orders_of(asking: Asking) -> list[Given]:
    """Return the orders that were given about a person, the first one first."""
    found: dict[tuple[str, Millis], Given] = {}
    for one in _audited(asking):
        given = Given(one["action"], parse_iso(one["at"]), one["reason"])
        if given.action not in _QUESTIONS:
            stands = one.get("stands") or {}
            found[given.action, given.at] = Given(
                given.action,
                given.at,
                given.reason,
                stands.get("partition"),
                stands.get("offset"),
            )
    return list(found.values())


def _audited(asking: Asking) -> Iterator[dict[str, Any]]:
    with KafkaReader(asking.connection, asking.topics.audit, 0) as reader:
        for batch in reader.to_the_end():
            for record in batch:
                if record.key == asking.hashed.encode():
                    yield orjson.loads(record.value)


def _audit(asking: Asking, action: str, stands: tuple[int, int] | None) -> bytes:
    entry: dict[str, Any] = {
        "action": action,
        "customer_hash": asking.hashed,
        "at": iso(asking.now),
        "reason": asking.reason,
        "group": asking.key.group,
    }
    if stands is not None:
        entry["stands"] = {"partition": stands[0], "offset": stands[1]}
    return orjson.dumps(entry)
