"""What the topics hold of a person: every record that has one of the ids as its key or as a value.

A topic keeps a record until its retention is over, or, where it is compacted, until a newer one of
the same key replaces it; so of those the last one counts.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import orjson

from streamer.adapters.kafka import Connection, Topics
from streamer.adapters.kafka.reading import KafkaReader
from streamer.adapters.kafka.topics import ClusterMetadata
from streamer.codecs.controls import is_control
from streamer.codecs.naming import ids_named
from streamer.instants import iso
from streamer.types import HOUR, Record

_FOR_EVER: Final = -1
_COMPACTED: Final = "compact"
_ESCAPE: Final = b"\\"


def held(
    connection: Connection, topics: Topics, ids: Collection[str]
) -> Iterator[Mapping[str, Any]]:
    """Yield for each topic what it holds of a person, and how long. Reads each to its end."""
    metadata = ClusterMetadata(connection)
    wanted = frozenset(ids)
    for topic in (topics.events, topics.changes, topics.memberships, topics.rejected):
        compacted = _COMPACTED in metadata.setting(topic, "cleanup.policy")
        found: dict[object, Record] = {}
        with KafkaReader(connection, topic, 0) as reader:
            for batch in reader.to_the_end():
                for one in batch:
                    if _is_of(one, wanted):
                        found[one.key if compacted else (one.partition, one.offset)] = one
        retention = int(metadata.setting(topic, "retention.ms"))
        yield {
            "topic": topic,
            "kept": _kept(retention, compacted=compacted),
            "records": [_facts(one) for one in found.values()],
        }


def _is_of(record: Record, ids: frozenset[str]) -> bool:
    if record.key is not None and record.key.decode(errors="replace") in ids:
        return True
    value = record.value
    if _ESCAPE not in value and not any(one.encode() in value for one in ids):
        return False
    return not ids.isdisjoint(ids_named(value.decode(errors="replace")))


def _kept(retention: int, *, compacted: bool) -> str:
    if compacted:
        return "until a newer record of the same key replaces it"
    return "for ever" if retention == _FOR_EVER else f"for {retention // HOUR} hours"


def _facts(record: Record) -> Mapping[str, Any]:
    return {
        "partition": record.partition,
        "offset": record.offset,
        "at": None if record.appended is None else iso(record.appended),
        "key": None if record.key is None else record.key.decode(errors="replace"),
        "value": "a control record" if is_control(record) else _value(record.value),
    }


def _value(value: bytes) -> object:
    """Return what a record says: its JSON, or else its text."""
    if not value:
        return None
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value.decode(errors="replace")
