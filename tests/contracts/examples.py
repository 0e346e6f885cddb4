"""Values to store and to tell, told apart by their number."""

from streamer.ports import OutboxEntry
from streamer.types import Control, Membership, Record, Rejection, SegmentChange

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def change(number: int, customer: str = "u-7") -> SegmentChange:
    return SegmentChange(
        customer=customer,
        segment="cart_abandoner",
        direction="entered" if number % 2 else "exited",
        at=1_700_000_000_000 + number,
        sequence=number,
        born=1_700_000_000_000,
        cause="event" if number % 3 else "time",
        event_id=f"e-{number}" if number % 3 else None,
        because=("performed product_added within 7d: last at 2023-11-14T22:13:20.000Z",),
        rules="sha256:00",
        holdout=False,
    )


def tier_change(number: int) -> SegmentChange:
    return change(number)._replace(
        segment="engagement.active", ladder="engagement", target="engagement.active"
    )


def rejection(number: int, value: bytes = b"not \xff JSON") -> Rejection:
    return Rejection(
        Record(0, number, value, source="events.jsonl", line=number + 1),
        "invalid",
        f"reason {number}",
        "/properties",
    )


def membership(number: int) -> Membership:
    return Membership("u-7", number, 1_700_000_000_000, (("cart_abandoner", 1_700_000_000_000),))


def control(number: int, customer: str = "u-7") -> Control:
    return Control(customer, b"\xff\x00" + bytes([number]), (("streamer-control", b"1 group"),))


def outbox_entry(
    number: int,
    changes: int = 1,
    rejections: int = 0,
    controls: int = 0,
    *,
    partition: int = 0,
) -> OutboxEntry:
    """Return the outbox entry of a commit, with contents that no other one has."""
    return OutboxEntry(
        number,
        tuple(change(10 * number + each) for each in range(changes)),
        tuple(rejection(10 * number + each) for each in range(rejections)),
        (membership(number),) if changes else (),
        partition,
        100 * number,
        (1_700_000_000_000 + number, "u-7"),
        controls=tuple(control(10 * number + each) for each in range(controls)),
    )
