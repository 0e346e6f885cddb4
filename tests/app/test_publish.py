"""Publishing keeps to a rate: never ahead of it, and it catches up what it was held up."""

from streamer.app.publish import paced
from streamer.types import Record


class Clock:
    """A clock that goes on when somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0

    def wait(self, seconds: float) -> None:
        self.now += seconds


def times(rate: float | None, *, held_up: float = 0.0) -> list[float]:
    """When each of five records comes; the second holds its taker up."""
    clock, found = Clock(), []
    records = iter([Record(0, number, b"") for number in range(5)])
    for record in paced(records, rate, lambda: clock.now, clock.wait):
        found.append(clock.now - 100.0)
        clock.now += held_up if record.offset == 1 else 0.0
    return found


def test_records_come_at_the_rate() -> None:
    assert times(2) == [0, 0.5, 1, 1.5, 2]


def test_without_a_rate_nobody_waits() -> None:
    assert times(None) == [0, 0, 0, 0, 0]


def test_what_was_held_up_is_caught_up_to_the_rate() -> None:
    assert times(2, held_up=1.25) == [0, 0.5, 1.75, 1.75, 2]
