"""`trait`: the value with the latest time, whichever event brought it."""

import pytest

from streamer.core.leaves.trait import Trait
from streamer.core.rules.spec import Comparison
from streamer.types import Event
from tests.core.shopper import known, on, story

GOLD = Trait("segment", (Comparison("is", "gold"),))
NONE = Trait("segment", (Comparison("exists", operand=False),))
ANY = Trait("segment", (Comparison("exists", operand=True),))
DOTTED = Trait("home.city", (Comparison("is", "Ulm"),))


@pytest.mark.parametrize(
    ("question", "events", "told"),
    [
        (GOLD, [], "-0"),
        (GOLD, [known(0, segment="gold")], "+0"),
        (GOLD, [on(0, "seen")._replace(traits={"segment": "gold"})], "+0"),
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
def test_the_latest_value(question: Trait, events: list[Event], told: str) -> None:
    assert story(question, events) == told
