"""What every kind of state keeps, for any history: written once, called by a test per kind."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from hypothesis import strategies as st

from streamer.types import Millis
from tests.core.state.asking import Asking, Customer, Happened

Draw: TypeAlias = st.DrawFn
Events: TypeAlias = st.SearchStrategy[Callable[[Millis], Happened]]
AFTER = 40
"""For how long after the clock every instant is looked at."""


@st.composite
def histories(draw: Draw, events: Events, latest: Millis = 30) -> list[Happened]:
    """Events in order of time, many of them at one instant."""
    times = sorted(draw(st.lists(st.integers(1, latest), max_size=14)))
    return [draw(events)(at) for at in times]


def assert_same(one: Customer, other: Customer) -> None:
    """Check that two customers answer alike at every instant from now on."""
    for at in range(one.clock, one.clock + AFTER):
        assert one.answers(at) == other.answers(at)


def check_merge(asking: Asking, data: st.DataObject, events: Events) -> None:
    """Merge of the parts is the whole, also for what happens from then on."""
    history = data.draw(histories(events))
    theirs = data.draw(st.lists(st.booleans(), min_size=len(history), max_size=len(history)))
    parts = (
        [event for event, other in zip(history, theirs, strict=True) if not other],
        [event for event, other in zip(history, theirs, strict=True) if other],
    )
    earlier, later = (asking.customer(*part).reread() for part in parts)
    joined = earlier.merged(later)
    ordered = sorted((*parts[0], *parts[1]), key=lambda event: event.at)
    whole = asking.customer(*ordered)
    assert_same(joined, whole)
    assert_same(joined.reread(), whole)
    for event in data.draw(histories(events)):
        moved = event._replace(at=event.at + whole.clock // 2)
        if moved.at >= whole.clock - 10:
            joined.does(moved)
            whole.does(moved)
            assert_same(joined, whole)


def check_lateness(asking: Asking, data: st.DataObject, events: Events) -> None:
    """The state is that of the history in order of time, whatever arrives late."""
    history = data.draw(histories(events))
    delays = data.draw(st.lists(st.integers(0, 10), min_size=len(history), max_size=len(history)))
    arrived = sorted(
        zip(history, delays, range(len(history)), strict=True),
        key=lambda one: (one[0].at + one[1], one[2]),
    )
    late = asking.customer(*(event for event, _, _ in arrived))
    log_order = sorted((event for event, _, _ in arrived), key=lambda event: event.at)
    assert_same(late, asking.customer(*log_order))


def check_flips(asking: Asking, data: st.DataObject, events: Events) -> None:
    """Answers hold until the instant that they name, and change there."""
    customer = asking.customer(*data.draw(histories(events)))
    for leaf in range(len(asking.leaves)):
        now = customer.clock
        until = customer.flip(now, leaf)
        for at in range(now, now + AFTER):
            found = customer.flip(at, leaf)
            if at < abs(until):
                assert found == until
            else:
                assert at == abs(until)
                assert (found > 0) is (until < 0)
                until = found
        assert customer.detail(now, leaf)


def check_packing(asking: Asking, events: Sequence[Happened]) -> None:
    """What is stored is read back as it was after every event."""
    customer = asking.customer()
    for event in events:
        customer.does(event)
        customer.reread()
