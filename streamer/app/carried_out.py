"""Whether the orders about a person are carried out: in which partitions, up to which position.

An order is carried out once its partition is read beyond it, and every partition beyond the
messages that this sent. An anonymous id sends one to its user, a user one to each anonymous id: so
two times more every partition has to be read up to where it ended once the step before was done.
What is published goes with the group's offset, in one transaction, so an offset that is committed
says both.

Workers refuse an order whose signature is not that of their group, and workers without a control
key refuse all: such an order is read, and is not carried out. It stands among the rejected records.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Final

from streamer.adapters.kafka.lookup import Lookup
from streamer.adapters.kafka.messages import rejected_from
from streamer.adapters.kafka.reading import KafkaReader
from streamer.adapters.kafka.topics import ClusterMetadata
from streamer.app.orders import Asking, Given, orders_of
from streamer.codecs.controls import mark_id
from streamer.core.marks import Mark
from streamer.errors import Unavailable
from streamer.types import HOUR, Millis

_STEPS: Final = 2
"""So many times an order is sent on: from an anonymous id to its user, and to the user's others."""
_PAUSE_S: Final = 0.2
_CLOCKS_DIFFER: Final = HOUR
"""By so much the clock of whoever gave an order may be ahead of the broker's."""
_GETS_KNOWN_S: Final = 15.0
"""A broker that has just started takes a while to know its groups."""


@dataclass(frozen=True, slots=True)
class PartitionProgress:
    """How far a partition is read, and how many ids were erased there at the instants of orders."""

    partition: int
    read_to: int
    erased: Mapping[Millis, int]


@dataclass(frozen=True, slots=True)
class OrdersStatus:
    """The orders about a person, and whether all are carried out.

    `erased_until` is the instant up to which nothing of the id is taken because it was erased, also
    where an id that it had joined was; `suppressed` says whether nothing is taken at all; `refused`
    whether workers refused an order that was not given again since.
    """

    orders: Sequence[Given]
    places: Sequence[PartitionProgress]
    erased_until: Millis | None
    suppressed: bool
    refused: bool
    done: bool


def status(
    asking: Asking, marks: Mapping[int, Mapping[bytes, bytes]], wait_s: float
) -> OrdersStatus:
    """Return how far the orders about a person are; wait so long for those that are not done.

    `marks` are those that the store keeps, by partition. Raises `Unavailable`.
    """
    given = orders_of(asking)
    read = {
        number: Mark.unpacked(data) for found in marks.values() for number, data in found.items()
    }
    own = read.get(mark_id(asking.customer, asking.key), Mark(None, suppressed=False))
    partitions = range(ClusterMetadata(asking.connection).partitions(asking.topics.events))
    until = time.monotonic() + wait_s
    lookup = Lookup(asking.connection, asking.topics.events, asking.key.group)
    with closing(lookup):
        _wait_for_group(lookup)
        done = not given or _all_read(lookup, given, partitions, until)
        places = [
            PartitionProgress(one, lookup.committed(one) or 0, _erased(given, marks.get(one, {})))
            for one in partitions
        ]
    given = _with_refusals(asking, given)
    refused = _is_refused(given)
    return OrdersStatus(
        given, places, own.erased, own.suppressed, refused, done=done and not refused
    )


def _with_refusals(asking: Asking, given: Sequence[Given]) -> list[Given]:
    """Return the orders, those that workers have refused with the reason."""
    if not given:
        return []
    since = max(0, min(one.at for one in given) - _CLOCKS_DIFFER)
    reasons: dict[tuple[int, int], str] = {}
    with KafkaReader(asking.connection, asking.topics.rejected, since) as reader:
        for batch in reader.to_the_end():
            for record in batch:
                found = rejected_from(record, asking.topics.events)
                if found is not None:
                    reasons[found.partition, found.offset] = found.reason
    return [
        one
        if one.partition is None or one.offset is None
        else replace(one, refused=reasons.get((one.partition, one.offset)))
        for one in given
    ]


def _is_refused(given: Sequence[Given]) -> bool:
    """Say whether an order was refused, and not given again since."""
    last = {one.action: one for one in given}
    return any(one.refused is not None for one in last.values())


def _all_read(
    lookup: Lookup, given: Sequence[Given], partitions: Sequence[int], until: float
) -> bool:
    wanted: dict[int, int] = {}
    for one in given:
        if one.partition is None or one.offset is None:
            return False
        wanted[one.partition] = max(one.offset + 1, wanted.get(one.partition, 0))
    for step in range(_STEPS + 1):
        if step:
            wanted = {one: lookup.held(one)[1] for one in partitions}
        while not all(_is_read(lookup, one, end) for one, end in wanted.items()):
            if time.monotonic() > until:
                return False
            time.sleep(_PAUSE_S)
    return True


def _wait_for_group(lookup: Lookup) -> None:
    """Return once Kafka says what the group has committed; raises `Unavailable` if it does not."""
    until = time.monotonic() + _GETS_KNOWN_S
    while True:
        try:
            lookup.committed(0)
        except Unavailable:
            if time.monotonic() > until:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def _is_read(lookup: Lookup, partition: int, end: int) -> bool:
    """Say whether no record before an offset is left: the last ones may be ends of transactions."""
    at = lookup.committed(partition)
    if at is None:
        at = lookup.held(partition)[0]
    while at < end:
        page = lookup.page(partition, at)
        if page.end <= at or any(one.offset < end for one in page.records):
            return False
        at = page.end
    return True


def _erased(given: Sequence[Given], marks: Mapping[bytes, bytes]) -> dict[Millis, int]:
    """Return how many ids were erased by each of the orders: their marks have its instant."""
    instants = Counter(Mark.unpacked(data).erased for data in marks.values())
    return {one.at: instants[one.at] for one in given if one.action == "erase"}
