"""The course of memberships: counts in steps that never become too many."""

from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from streamer.analysis.report.course import MOST_STEPS, WIDTHS, SizeHistory
from streamer.instants import EARLIEST, END, parse_iso
from streamer.types import DAY, HOUR, MINUTE, WEEK, Direction, Millis, SegmentChange

MONDAY = parse_iso("2026-01-05T00:00:00Z")


def change(at: Millis, direction: Direction = "entered", customer: str = "u-1") -> SegmentChange:
    return SegmentChange(customer, "loud", direction, at, 1, 0, "time", None, (), "", holdout=False)


def course_of(*instants: Millis) -> SizeHistory:
    course = SizeHistory(["loud"])
    course.enter(change(at, customer=f"u-{number}") for number, at in enumerate(instants))
    return course


def test_steps_are_minutes_until_there_are_too_many() -> None:
    assert course_of(MONDAY, MONDAY + (MOST_STEPS - 1) * MINUTE).width == MINUTE
    assert course_of(MONDAY, MONDAY + MOST_STEPS * MINUTE).width == 5 * MINUTE
    assert course_of(MONDAY, MONDAY + 60 * DAY).width == DAY
    assert course_of(MONDAY, MONDAY + 365 * DAY).width == WEEK


def test_weeks_begin_on_a_monday() -> None:
    course = course_of(MONDAY, MONDAY + 365 * DAY)
    assert course.begin_of(course.step_of(MONDAY + 3 * DAY)) == MONDAY


def test_each_step_holds_the_one_before_a_whole_number_of_times() -> None:
    for short, long in pairwise(WIDTHS):
        assert long % short == 0


def test_the_longest_steps_hold_every_instant_of_an_event() -> None:
    assert course_of(EARLIEST, END - 1).width == WIDTHS[-1]


instants = st.lists(
    st.integers(MONDAY, MONDAY + 3 * DAY) | st.integers(MONDAY, MONDAY + 900 * DAY), min_size=1
)


@given(instants, st.randoms(use_true_random=False))
def test_the_order_of_changes_does_not_show(times: list[Millis], random: Random) -> None:
    shuffled = random.sample(times, len(times))
    one, other = course_of(*times), course_of(*shuffled)
    assert one.width == other.width
    assert one.moves("loud") == other.moves("loud")
    assert sum(one.moves("loud").entered.values()) == len(times)
    assert one.step_of(max(times)) - one.step_of(min(times)) < MOST_STEPS


def test_where_a_customer_stands_is_the_last_that_was_said() -> None:
    course = SizeHistory(["loud"])
    course.enter([change(MONDAY), change(MONDAY + HOUR, "exited")])
    assert course.inside == {"u-1": 0}
    course.enter([change(MONDAY + 2 * HOUR)])
    assert course.masks() == {1: 1}
