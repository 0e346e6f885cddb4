"""Segment changes as a worker publishes them."""

from collections.abc import Sequence

from streamer.codecs.changes import encode_change
from streamer.types import SegmentChange
from tests.adapters.kafka.topics import producer_of

BORN = 1_767_225_600_000


def change(  # noqa: PLR0913 (an example names what it is about)
    customer: str,
    sequence: int = 1,
    segment: str = "cart_abandoner",
    direction: str = "entered",
    *,
    holdout: bool = False,
    ladder: str | None = None,
    origin: str | None = None,
    at: int | None = None,
) -> SegmentChange:
    """Return the change of that number of a customer."""
    return SegmentChange(
        customer=customer,
        segment=segment,
        direction=direction,  # type: ignore[arg-type] # one of the two
        at=BORN + sequence * 1_000 if at is None else at,
        sequence=sequence,
        born=BORN,
        cause="time",
        event_id=None,
        because=("a cart was left for 30 minutes",),
        rules="r1",
        holdout=holdout,
        ladder=ladder,
        origin=origin,
        target=None if ladder is None else segment.partition(".")[2],
    )


def publish(
    address: str, topic: str, changes: Sequence[SegmentChange], partitions: int = 2
) -> None:
    """Publish changes, each to the partition of its customer."""
    with producer_of(address) as producer:
        sent = [
            producer.send(
                topic,
                encode_change(each),
                each.customer.encode(),
                partition=sum(each.customer.encode()) % partitions,
            )
            for each in changes
        ]
        for one in sent:
            one.get(30)
