"""The dates of a trait, behind `age` and `anniversary`."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.core.leaves.age import Age
from streamer.core.leaves.anniversary import Anniversary
from streamer.core.state.dates import MOST_DATES, date_of
from streamer.types import Millis, Scalar
from tests.core.state.asking import Asking, Happened, known
from tests.core.state.properties import check_lateness, check_merge


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("1990-05-20", "1990-05-20"),
        ("0001-01-01", "0001-01-01"),
        *((value, None) for value in ("1990-02-30", "1990-5-20", "0000-05-20", "", 19900520, True)),
    ],
)
def test_a_date_is_a_text_as_written(value: Scalar, day: str | None) -> None:
    found = date_of(value)
    assert (found and str(found)) == day


def test_dates_are_stored_as_distances() -> None:
    customer = Asking(Age("born", 1)).customer(known(5, born=["0001-01-03", "x", "0001-01-01"]))
    assert customer.packed() == [[5, 1, 2]]
    assert customer.reread().detail(5) == "born 0001-01-01, 0001-01-03: 2025, 2024 years"


def test_more_dates_than_are_kept_are_counted() -> None:
    customer = Asking(Age("born", 1)).customer()
    for most, overflows in ((MOST_DATES, []), (MOST_DATES + 1, [0])):
        customer.does(known(0, born=[f"1990-01-{day:02}" for day in range(1, most + 1)]))
        assert customer.profile.overflows == overflows


def test_it_listens_to_traits_alone() -> None:
    (cell,) = Asking(Age("born", 1)).cells
    assert cell.of_traits
    assert not cell.listens("seen")


EVERY = Asking(Age("born", 18), Age("born", below=30), Anniversary("born"))
BORN: tuple[object, ...] = ("1990-01-01", "2020-05-05", ["2000-01-01", "1990-01-02"], None, 7)
EVENTS: st.SearchStrategy[Callable[[Millis], Happened]] = st.sampled_from(
    [lambda at, born=born: known(at, born=born) for born in BORN]
)


@given(st.data())
def test_merge_of_the_parts_is_the_whole(data: st.DataObject) -> None:
    check_merge(EVERY, data, EVENTS)


@given(st.data())
def test_late_is_as_in_order(data: st.DataObject) -> None:
    check_lateness(EVERY, data, EVENTS)
