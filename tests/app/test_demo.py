"""The demonstration: decided by events and rules alone, ended well by Ctrl-C."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streamer.adapters.database import Database
from streamer.app.demo import STEP, Demo, play
from streamer.app.inputs import load_rules
from streamer.app.shipped import shipped_rules
from streamer.core.engine.program import RuleSet
from streamer.simulation import Simulation
from streamer.types import DAY, HOUR, SegmentChange

SHOP = Simulation(customers=40, visits=1.0)


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules([str(shipped_rules())]).compiled


@pytest.fixture
def open_demo(rules: RuleSet, tmp_path: Path) -> Iterator[Callable[[], Demo]]:
    """Yield what opens a demo on a file of its own."""
    opened: list[Database] = []

    def opener() -> Demo:
        opened.append(Database(tmp_path / f"{len(opened)}.db"))
        return Demo(rules, opened[-1], SHOP)

    yield opener
    for database in opened:
        database.close()


class Wall:
    """A clock that only waiting moves; it can be stopped by Ctrl-C."""

    def __init__(self, stop_at: float = float("inf")) -> None:
        self.now = 0.0
        self._stop_at = stop_at

    def wait(self, seconds: float) -> None:
        self.now += seconds
        if self.now >= self._stop_at:
            raise KeyboardInterrupt


def test_the_changes_do_not_depend_on_the_steps(open_demo: Callable[[], Demo]) -> None:
    whole, stepwise = open_demo(), open_demo()
    at_once = whole.advance(whole.began + 2 * DAY)
    in_steps: list[SegmentChange] = []
    while stepwise.now < whole.now:
        in_steps += stepwise.advance(stepwise.now + HOUR)
    assert at_once
    assert sorted(one.change_id for one in at_once) == sorted(one.change_id for one in in_steps)
    assert stepwise.events == whole.events
    assert stepwise.memberships == whole.memberships


def test_changes_come_of_events_and_of_time(open_demo: Callable[[], Demo]) -> None:
    demo = open_demo()
    changes = demo.advance(demo.began + 2 * DAY)
    assert {change.cause for change in changes} == {"event", "time"}
    assert max(change.at for change in changes) <= demo.now


def test_it_counts_who_is_inside(open_demo: Callable[[], Demo]) -> None:
    demo = open_demo()
    demo.advance(demo.began + 3 * DAY)
    for one in demo.memberships.values():
        assert one.entered - one.exited == len(one.members)
    assert demo.changes == sum(one.entered + one.exited for one in demo.memberships.values())


def test_it_ends_by_itself_when_the_shop_s_time_has_passed(open_demo: Callable[[], Demo]) -> None:
    demo, wall, shown = open_demo(), Wall(), 0

    def show(_: list[SegmentChange]) -> None:
        nonlocal shown
        shown += 1

    assert play(demo, 2, 3_600, lambda: wall.now, wall.wait, show)
    assert demo.now == demo.began + 2 * HOUR
    assert shown == pytest.approx(2 / STEP, abs=2)


def test_an_interruption_ends_it_well(open_demo: Callable[[], Demo]) -> None:
    stopped, whole = open_demo(), open_demo()
    wall = Wall(stop_at=1.0)
    assert not play(stopped, 60, DAY / 1_000, lambda: wall.now, wall.wait, lambda _: None)
    whole.advance(stopped.now)
    assert stopped.now > stopped.began
    assert stopped.memberships == whole.memberships
    assert (stopped.events, stopped.changes) == (whole.events, whole.changes)


def test_another_worker_finishes_what_one_was_interrupted_in(
    open_demo: Callable[[], Demo],
) -> None:
    demo, whole = open_demo(), open_demo()
    demo.advance(demo.began + DAY)
    demo.recover()
    demo.advance(demo.now + DAY)
    whole.advance(demo.now)
    assert demo.memberships == whole.memberships


def test_the_example_is_in_the_segment_that_it_explains(open_demo: Callable[[], Demo]) -> None:
    demo = open_demo()
    assert demo.example() is None
    demo.advance(demo.began + 3 * DAY)
    chosen = demo.example()
    assert chosen is not None
    customer, segment = chosen
    assert customer in demo.memberships[segment].members
    (view,) = demo.explain(customer, segment).segments
    assert view.membership == segment
    assert view.last is not None
    assert view.last.change.at == demo.memberships[segment].members[customer]
