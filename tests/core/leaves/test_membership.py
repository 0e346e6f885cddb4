"""`in_segment`: membership as reported, decided earlier in the same moment."""

from streamer.core.leaves.membership import InSegment
from streamer.core.leaves.performed import Performed
from streamer.core.rules.spec import Ladder, Scope, Tier
from tests.core.shopper import Shopper, on, segment

SEEN = Performed(Scope(("seen",), within=10))


def test_it_follows_in_the_same_moment() -> None:
    shopper = Shopper(segment(InSegment("s"), "a"), segment(SEEN))
    assert shopper.does(on(0)) == [(0, "+s"), (0, "+a")]
    assert shopper.waits(10) == [(10, "-s"), (10, "-a")]


def test_it_looks_at_what_is_reported_and_not_at_truth() -> None:
    shopper = Shopper(segment(InSegment("s"), "a"), segment(SEEN, min_dwell=15))
    shopper.does(on(0))
    assert shopper.waits(100) == [(15, "-s"), (15, "-a")]


def test_for_so_long_counts_from_the_entry() -> None:
    shopper = Shopper(segment(InSegment("s", 4), "a"), segment(SEEN))
    shopper.does(on(0))
    assert shopper.waits(3) == []
    assert shopper.does(on(3)) == []
    assert shopper.waits(100) == [(4, "+a"), (13, "-s"), (13, "-a")]
    assert shopper.does(on(200)) == [(200, "+s")]
    assert shopper.waits(203) == []


def test_a_tier_is_a_membership_of_its_own() -> None:
    tiers = (Tier("high", Performed(Scope(("seen",), within=5), at_least=2)), Tier("low", None))
    ladder = Ladder("l", "l", "To be tested.", tiers)
    shopper = Shopper(ladder, segment(InSegment("l.low", 3), "calm"))
    assert shopper.does(on(0)) == [(0, "+l.low")]
    assert shopper.waits(3) == [(3, "+calm")]
    assert shopper.does(on(4)) == [(4, "-l.low"), (4, "+l.high"), (4, "-calm")]
    assert shopper.waits(100) == [(5, "-l.high"), (5, "+l.low"), (8, "+calm")]
