"""`in_segment`, `left_segment`: membership as reported, decided earlier in the same moment."""

from streamer.core.engine.merge import merge
from streamer.core.leaf import CellRef
from streamer.core.leaves.membership import InSegment, Left, LeftSegment
from streamer.core.leaves.performed import Performed
from streamer.core.profile import Profile
from streamer.core.rules.spec import Ladder, Scope, Tier
from streamer.core.state.exits import Exits
from tests.core.shopper import Shopper, on, segment

EXITS = Exits("s", 0, 1)
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


def test_it_was_left_lately_until_it_is_entered_again_or_that_is_long_ago() -> None:
    shopper = Shopper(segment(LeftSegment("s", 20), "fell"), segment(SEEN))
    assert shopper.does(on(0)) == [(0, "+s")]
    assert shopper.waits(29) == [(10, "-s"), (10, "+fell")]
    assert shopper.reread().does(on(15)) == [(15, "+s"), (15, "-fell")]
    assert shopper.waits(100) == [(25, "-s"), (25, "+fell"), (45, "-fell")]


def test_it_says_when_it_was_left() -> None:
    leaf = Left("left segment s", CellRef(EXITS), 0, 1, 20)
    profile = Profile("c", 0, 1, 1)
    EXITS.slot = 0
    assert leaf.detail(profile, 0) == "never left it"
    EXITS.left(profile, 10)
    assert leaf.detail(profile, 12) == "left at 1970-01-01T00:00:00.010Z"
    profile.inside[0] = 1
    assert leaf.detail(profile, 12) == "still in it"


def test_each_tier_has_an_exit_of_its_own() -> None:
    tiers = (
        Tier("high", Performed(Scope(("seen",), within=5), at_least=2)),
        Tier("mid", Performed(Scope(("seen",), within=10))),
        Tier("low", None),
    )
    ladder = Ladder("l", "l", "To be tested.", tiers)
    shopper = Shopper(ladder, segment(LeftSegment("l.high", 8), "fell"))
    shopper.does(on(0), on(0))
    assert shopper.reread().waits(100) == [
        (5, "-l.high"),
        (5, "+l.mid"),
        (5, "+fell"),
        (10, "-l.mid"),
        (10, "+l.low"),
        (13, "-fell"),
    ]


def test_what_another_customer_left_is_not_joined() -> None:
    declared = segment(LeftSegment("s", 20), "fell"), segment(SEEN)
    one, other = Shopper(*declared), Shopper(*declared)
    other.does(on(0))
    other.waits(12)
    one.does(on(12, "done"))
    decision = merge(one.rules, one.alive, other.alive)
    assert decision.changes == ()
