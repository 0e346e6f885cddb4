"""`in_segment` as a leaf: it reads the membership that the profile reports."""

import pytest

from streamer.core.leaf import ALWAYS, NEVER, Until
from streamer.core.leaves.membership import Inside
from streamer.core.profile import Profile


@pytest.mark.parametrize(
    ("tier", "lasting", "now", "until"),
    [
        (0, 0, 100, NEVER),
        (1, 0, 100, NEVER),
        (2, 0, 100, ALWAYS),
        (2, 5, 104, -105),
        (2, 5, 105, ALWAYS),
    ],
)
def test_it_holds_of_the_tier_and_once_it_has_lasted(
    tier: int, lasting: int, now: int, until: Until
) -> None:
    profile = Profile("c", 0, 0, 2)
    profile.inside[1], profile.since[1] = tier, 100
    assert Inside("in segment l.high", 1, 2, lasting).flip(profile, now) == until
