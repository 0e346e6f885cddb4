"""What is called with a bound ends with it, one way or another."""

from threading import Event

import pytest

from streamer.adapters.kafka.bounded import bounded


def test_what_ends_in_time_has_been_done_or_has_raised() -> None:
    done: list[str] = []
    bounded(lambda: done.append("it"), 10)
    assert done == ["it"]
    with pytest.raises(ZeroDivisionError):
        bounded(lambda: 1 // 0, 10)


def test_what_does_not_end_is_left_behind() -> None:
    never = Event()
    with pytest.raises(TimeoutError):
        bounded(never.wait, 0.05)
    never.set()
