"""A process that stands still ends; one that works, or has nothing to do, does not."""

import itertools
import threading
from collections.abc import Callable

import pytest

from streamer.react import watchdog as module
from streamer.react.watchdog import STANDS_STILL, Watchdog
from tests.react.kit import Silent


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOOK_S", 0.01)


def looked(turns: Callable[[], int], behind: Callable[[], bool], looks: int) -> list[int]:
    """Return the statuses with which a process would have ended after so many looks."""
    ended: list[int] = []
    enough, count = threading.Event(), itertools.count(1)

    def looking() -> bool:
        if next(count) >= looks:
            enough.set()
        return behind()

    def end(status: int) -> None:
        ended.append(status)
        enough.set()

    watchdog = Watchdog(turns, looking, 0.0, Silent(), end=end)
    watchdog.start()
    enough.wait(60)
    watchdog.close()
    return ended


def test_nothing_is_handled_although_something_is_there() -> None:
    assert looked(lambda: 7, lambda: True, looks=9) == [STANDS_STILL]


def test_it_cannot_go_on() -> None:
    ended: list[int] = []
    over = threading.Event()

    def end(status: int) -> None:
        ended.append(status)
        over.set()

    journal = Silent()
    Watchdog(lambda: 7, lambda: False, 60.0, journal, lambda: "fenced", end).start()
    assert over.wait(60)
    assert ended == [STANDS_STILL]
    assert journal.said == ["cannot go on"]


def test_nothing_is_there() -> None:
    assert looked(lambda: 7, lambda: False, looks=2) == []


def test_kafka_cannot_be_asked() -> None:
    def away() -> bool:
        raise OSError("away")

    assert looked(lambda: 7, away, looks=2) == []


def test_something_is_handled() -> None:
    """Each look finds a new turn, so nobody asks whether something is there."""
    looks = threading.Event()
    turns = itertools.count()

    def turn() -> int:
        number = next(turns)
        if number > 4:
            looks.set()
        return number

    asked = threading.Event()

    def behind() -> bool:
        asked.set()
        return False

    watchdog = Watchdog(turn, behind, 0.0, Silent())
    watchdog.start()
    assert looks.wait(60)
    watchdog.close()
    assert not asked.is_set()
