"""Verdicts: `latest` and `first` of a property, and `trait`."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.core.leaves.latest import Latest
from streamer.core.leaves.trait import Trait
from streamer.core.rules.spec import Clause, Comparison
from streamer.types import Millis
from tests.core.state.asking import Asking, Happened, Spec, known, on, story
from tests.core.state.properties import check_flips, check_lateness, check_merge

SEEN = ("seen",)
RED = (Comparison("is", "red"),)
ABSENT = (Comparison("exists", operand=False),)
PRESENT = (Comparison("exists", operand=True),)
LAST = Latest("colour", SEEN, RED)
FIRST = Latest("colour", SEEN, RED, which="first")
W10 = Latest("colour", SEEN, RED, within=10)
DEAR = Latest("colour", SEEN, RED, where=(Clause("price", (Comparison("above", 9),)),))
FROM_2_TO_4 = (Comparison("at_least", 2), Comparison("at_most", 4))
NOT_RED = Latest("colour", SEEN, (Comparison("is_not", "red"),))
GOLD = Trait("segment", (Comparison("is", "gold"),))
NONE = Trait("segment", ABSENT)
ANY = Trait("segment", PRESENT)
DOTTED = Trait("home.city", (Comparison("is", "Ulm"),))


def see(at: int, colour: object, price: int = 0) -> Happened:
    return on(at, colour=colour, price=price)


@pytest.mark.parametrize(
    ("question", "events", "told"),
    [
        (LAST, [], "-0"),
        (LAST, [see(0, "red")], "+0"),
        (LAST, [see(0, "red"), see(1, "blue")], "-1"),
        (LAST, [see(0, "red"), on(1)], "+1"),
        (LAST, [see(0, "red"), see(1, [])], "+1"),
        (LAST, [see(0, ["red", "blue"])], "+0"),
        (LAST, [see(0, ["blue", "red"])], "+0"),
        (LAST, [see(0, ["blue", "green"])], "-0"),
        (FIRST, [see(0, ["blue", "red"]), see(1, "blue")], "+1"),
        (NOT_RED, [see(0, "blue")], "+0"),
        (NOT_RED, [see(0, ["blue", "red"])], "-0"),
        (LAST, [see(5, "red"), see(4, "blue")], "+5"),
        (LAST, [see(5, "red"), see(5, "blue")], "-5"),
        (FIRST, [see(5, "red"), see(5, "blue")], "+5"),
        (FIRST, [see(5, "blue"), see(4, "red")], "+5"),
        (FIRST, [on(0), see(1, "red")], "+1"),
        (W10, [see(0, "red")], "+0 -10"),
        (W10, [see(0, "red"), see(3, "blue")], "-3"),
        (DEAR, [see(0, "red", price=10), see(1, "blue", price=9)], "+1"),
        (Latest("colour", SEEN, ABSENT), [], "+0"),
        (Latest("colour", SEEN, ABSENT), [see(0, "red")], "-0"),
        (Latest("colour", SEEN, ABSENT, within=10), [see(0, "red")], "-0 +10"),
        (Latest("colour", SEEN, PRESENT, within=10), [see(0, 0)], "+0 -10"),
        (Latest("colour", SEEN, FROM_2_TO_4), [see(0, 3)], "+0"),
        (Latest("colour", SEEN, FROM_2_TO_4), [see(0, 5)], "-0"),
        (NOT_RED, [], "-0"),
        (GOLD, [], "-0"),
        (GOLD, [known(0, segment="gold")], "+0"),
        (GOLD, [Happened(0, "seen", {}, {"segment": "gold"})], "+0"),
        (GOLD, [on(0, "seen", segment="gold")], "-0"),
        (GOLD, [known(0, segment="gold"), known(1, segment="tin")], "-1"),
        (GOLD, [known(1, segment="gold"), known(0, segment="tin")], "+1"),
        (GOLD, [known(1, segment="gold"), known(1, segment="tin")], "-1"),
        (GOLD, [known(1, segment="gold"), known(2, other="x")], "+2"),
        (GOLD, [known(0, segment="gold"), known(1, segment=None)], "-1"),
        (GOLD, [known(1, segment=None), known(0, segment="gold")], "-1"),
        (GOLD, [known(0, segment=["tin", "gold"])], "+0"),
        (NONE, [], "+0"),
        (NONE, [known(0, segment="tin")], "-0"),
        (NONE, [known(0, segment="tin"), known(1, segment=None)], "+1"),
        (NONE, [known(0, segment=[])], "+0"),
        (ANY, [known(0, segment={})], "-0"),
        (ANY, [known(0, segment=False)], "+0"),
        (DOTTED, [known(0, **{"home.city": "Ulm"})], "+0"),
        (DOTTED, [known(0, home={"city": "Ulm"})], "-0"),
    ],
)
def test_the_verdict(question: Spec, events: list[Happened], told: str) -> None:
    assert story(question, *events) == told


@pytest.mark.parametrize(
    ("question", "event", "said"),
    [
        (LAST, see(0, ["blue", "red"]), "red at 2026-01-01T00:00:00.000Z"),
        (LAST, see(0, ["blue", "green"]), "blue at 2026-01-01T00:00:00.000Z"),
        (LAST, see(0, 7), "the number 7 at 2026-01-01T00:00:00.000Z"),
        (LAST, see(0, "red"), "red at 2026-01-01T00:00:00.000Z"),
        (Latest("colour", SEEN, PRESENT), see(0, "red"), "true at 2026-01-01T00:00:00.000Z"),
        (GOLD, known(0, segment=None), "nothing at 2026-01-01T00:00:00.000Z"),
        (GOLD, on(0), "no value"),
    ],
)
def test_no_more_is_kept_of_a_value_than_is_asked(
    question: Spec, event: Happened, said: str
) -> None:
    assert Asking(question).customer(event).detail(0) == said


EVERY = Asking(
    *(
        Latest("colour", SEEN, comparisons, within=within)
        for comparisons in (RED, ABSENT, PRESENT, (Comparison("is_not", "red"),))
        for within in (None, 10)
    ),
    *(Latest("colour", SEEN, comparisons, "first") for comparisons in (RED, ABSENT, PRESENT)),
    *(Trait("colour", comparisons) for comparisons in (RED, ABSENT, PRESENT)),
)
VALUES: tuple[object, ...] = ("red", "blue", ["blue", "red"], [], None)
EVENTS: st.SearchStrategy[Callable[[Millis], Happened]] = st.sampled_from(
    [
        *(lambda at, value=value: see(at, value) for value in VALUES),
        *(lambda at, value=value: known(at, colour=value) for value in VALUES),
    ]
)


def test_windows_share_cells() -> None:
    assert len(EVERY.cells) == 10


@given(st.data())
def test_merge_of_the_parts_is_the_whole(data: st.DataObject) -> None:
    check_merge(EVERY, data, EVENTS)


@given(st.data())
def test_late_is_as_in_order(data: st.DataObject) -> None:
    check_lateness(EVERY, data, EVENTS)


@given(st.data())
def test_flips_are_exact(data: st.DataObject) -> None:
    check_flips(EVERY, data, EVENTS)
