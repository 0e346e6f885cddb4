"""`trait`: the value with the latest time, whichever event brought it."""

import pytest

from streamer.core.leaves.trait import Trait
from streamer.core.syntax import Comparison
from streamer.types import Event
from tests.core.shopper import known, on, story

GOLD = Trait("plan", (Comparison("is", "gold"),))
NONE = Trait("plan", (Comparison("exists", operand=False),))
ANY = Trait("plan", (Comparison("exists", operand=True),))
DOTTED = Trait("home.city", (Comparison("is", "Ulm"),))


@pytest.mark.parametrize(
    ("question", "events", "told"),
    [
        (GOLD, [], "-0"),
        (GOLD, [known(0, plan="gold")], "+0"),
        (GOLD, [on(0, "seen")._replace(traits={"plan": "gold"})], "+0"),
        (GOLD, [on(0, "seen", plan="gold")], "-0"),
        (GOLD, [known(0, plan="gold"), known(1, plan="tin")], "-1"),
        (GOLD, [known(1, plan="gold"), known(0, plan="tin")], "+1"),
        (GOLD, [known(1, plan="gold"), known(1, plan="tin")], "-1"),
        (GOLD, [known(1, plan="gold"), known(2, other="x")], "+2"),
        (GOLD, [known(0, plan="gold"), known(1, plan=None)], "-1"),
        (GOLD, [known(1, plan=None), known(0, plan="gold")], "-1"),
        (GOLD, [known(0, plan=["tin", "gold"])], "+0"),
        (NONE, [], "+0"),
        (NONE, [known(0, plan="tin")], "-0"),
        (NONE, [known(0, plan="tin"), known(1, plan=None)], "+1"),
        (NONE, [known(0, plan=[])], "+0"),
        (ANY, [known(0, plan={})], "-0"),
        (ANY, [known(0, plan=False)], "+0"),
        (DOTTED, [known(0, **{"home.city": "Ulm"})], "+0"),
        (DOTTED, [known(0, home={"city": "Ulm"})], "-0"),
    ],
)
def test_the_latest_value(question: Trait, events: list[Event], told: str) -> None:
    assert story(question, events) == told
