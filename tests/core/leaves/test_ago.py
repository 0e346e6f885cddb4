"""`ago`: how long the last, or the first, such event is past."""

import pytest

from streamer.core.leaves.ago import Ago
from streamer.core.rules.spec import Clause, Comparison
from streamer.types import Event
from tests.core.shopper import on, story

SEEN = ("seen",)
BIG = (Clause("size", (Comparison("above", 5),)),)


@pytest.mark.parametrize(
    ("question", "events", "told"),
    [
        (Ago(SEEN, at_least=5), [], "-0"),
        (Ago(SEEN, less_than=5), [], "-0"),
        (Ago(SEEN, at_least=5), [on(0)], "-0 +5"),
        (Ago(SEEN, less_than=5), [on(0)], "+0 -5"),
        (Ago(SEEN, at_least=3, less_than=5), [on(0)], "-0 +3 -5"),
        (Ago(SEEN, at_least=5, less_than=5), [on(0)], "-0"),
        (Ago(SEEN, at_least=5), [on(0), on(4)], "-4 +9"),
        (Ago(SEEN, at_least=5), [on(4), on(0)], "-4 +9"),
        (Ago(SEEN, which="first", at_least=5), [on(0), on(4)], "-4 +5"),
        (Ago(SEEN, which="first", at_least=5), [on(4), on(0)], "-4 +5"),
        (Ago(SEEN, BIG, at_least=5), [on(0, size=9), on(4, size=1)], "-4 +5"),
        (Ago(SEEN, BIG, which="first", less_than=5), [on(0, size=9), on(4, size=1)], "+4 -5"),
    ],
)
def test_the_age_flips_at_its_bounds(question: Ago, events: list[Event], told: str) -> None:
    assert story(question, events) == told
