"""`age`: whole years since a date, in the zone."""

from typing import Any

import pytest

from streamer.core.leaves.age import Age
from streamer.core.leaves.anniversary import Anniversary
from streamer.types import DAY, FOREVER
from tests.core.leaves.dated import expected, told
from tests.core.state.asking import Asking, known

ADULT = Age("born", at_least=18)
CHILD = Age("born", below=18)
YOUNG = Age("born", 18, 30)


@pytest.mark.parametrize(
    ("question", "born", "now", "holds", "until"),
    [
        (ADULT, "2008-05-20", "2026-05-19T23:59:59.999", False, "2026-05-20T00:00"),
        (ADULT, "2008-05-20", "2026-05-20T00:00", True, None),
        (CHILD, "2008-05-20", "2026-05-19T23:59:59.999", True, "2026-05-20T00:00"),
        (CHILD, "2008-05-20", "2026-05-20T00:00", False, None),
        (YOUNG, "2008-05-20", "2026-05-19T12:00", False, "2026-05-20T00:00"),
        (YOUNG, "2008-05-20", "2026-05-20T00:00", True, "2038-05-20T00:00"),
        (YOUNG, "1996-05-20", "2026-05-20T00:00", False, None),
        # 29 February is on the 28th in other years
        (ADULT, "2008-02-29", "2026-02-27T23:59:59.999", False, "2026-02-28T00:00"),
        (Age("born", 20), "2008-02-29", "2028-02-28T12:00", False, "2028-02-29T00:00"),
        # a date that is still to come makes a negative age
        (CHILD, "2030-05-20", "2026-05-20T00:00", True, "2048-05-20T00:00"),
        (Age("born", 1), "2030-05-20", "2026-05-20T00:00", False, "2031-05-20T00:00"),
        # long ago, and birthdays that no calendar has
        (Age("born", 1_000), "0001-01-01", "2026-05-20T00:00", True, None),
        (Age("born", 1_000), "9900-01-01", "2026-05-20T00:00", False, None),
        (Age("born", below=1_000), "9900-01-01", "2026-05-20T00:00", True, None),
        # of several dates, one that satisfies both is enough
        (YOUNG, ["1990-01-01", "2020-01-01"], "2026-05-20T00:00", False, "2038-01-01T00:00"),
        (YOUNG, ["1990-01-01", "2000-01-01"], "2026-05-20T00:00", True, "2030-01-01T00:00"),
        (YOUNG, ["1996-07-01", "2008-07-01"], "2026-05-20T00:00", True, "2038-07-01T00:00"),
        # no dates
        (CHILD, "2020-02-30", "2026-05-20T00:00", False, None),
        (CHILD, None, "2026-05-20T00:00", False, None),
        (CHILD, 2020, "2026-05-20T00:00", False, None),
    ],
)
def test_an_age_is_in_whole_years(
    question: Age,
    born: Any,  # noqa: ANN401  as in JSON
    now: str,
    holds: bool,  # noqa: FBT001  a row of the table
    until: str | None,
) -> None:
    assert told(question, born, now) == expected(holds=holds, until=until)


def test_a_customer_without_the_trait_has_no_age() -> None:
    assert Asking(CHILD).customer(known(0, other="1990-01-01")).flip(0) == -FOREVER


def test_a_customer_grows_older_by_time_alone() -> None:
    assert Asking(ADULT).customer(known(0, born="2008-01-02")).story() == f"-0 +{DAY}"


def test_age_and_anniversary_of_one_trait_share_what_they_remember() -> None:
    assert len(Asking(CHILD, Anniversary("born")).cells) == 1


def test_it_says_what_it_rests_on() -> None:
    customer = Asking(Age("born", 18, 30)).customer(known(0, born="2000-01-03"))
    assert customer.asking.leaves[0].label == "age by born at least 18 below 30"
    assert customer.detail(0) == "born 2000-01-03: 25 years"
    assert Asking(CHILD).customer(known(0, born="soon")).detail(0) == "born is no date"
    assert Asking(CHILD).customer(known(0, name="Ada")).detail(0) == "there is no born"
