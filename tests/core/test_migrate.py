"""New rules for an old profile: only what differs is said, once, at one instant."""

from fractions import Fraction

import pytest

from streamer.codecs.profiles import ProfileCodec
from streamer.core.engine.decide import Decision, decide
from streamer.core.engine.migrate import migrate
from streamer.core.leaves.membership import InSegment
from streamer.core.leaves.performed import Performed, Quiet
from streamer.core.rules.compile import Declaration
from streamer.core.rules.spec import Condition, Header, Ladder, NoneOf, Scope, Tier
from streamer.types import DAY, Millis
from tests.core.shopper import START, Said, Shopper, on, segment

SEEN = Performed(Scope(("seen",), within=100))
LONG_SEEN = Performed(Scope(("seen",), within=1_000))
DONE = Performed(Scope(("done",), within=100))


class Heir(Shopper):
    """Somebody who was decided by other rules before."""

    def __init__(
        self,
        before: Shopper,
        *declared: Condition | Declaration,
        effective_from: Millis = 0,
        header: Header | None = None,
    ) -> None:
        super().__init__(*declared, header=header)
        written = ProfileCodec(before.rules)
        stored = ProfileCodec(self.rules, written.own).read("c", before.bytes)
        self.decision = migrate(self.rules, stored.profile, START + effective_from, stored.removed)
        self.profile = self.decision.profile
        self._events = 100  # whose ids nobody has had before

    @property
    def said(self) -> Said:
        return self._said(self.decision)


def at_once(decision: Decision) -> list[tuple[str, str | None, str | None]]:
    """What was said of ladders: the membership, where from, where to."""
    return [(one.segment, one.origin, one.target) for one in decision.changes]


def seen_at_0(*declared: Condition | Declaration) -> Shopper:
    shopper = Shopper(*declared)
    shopper.does(on(0))
    return shopper


def test_what_has_not_changed_says_nothing_and_moves_nothing() -> None:
    before = seen_at_0(segment(SEEN), segment(Quiet(50), "calm"))
    before.waits(60)
    heir = Heir(
        before, segment(SEEN), segment(Quiet(50), "calm", holdout=Fraction(1)), effective_from=70
    )
    assert heir.said == []
    assert heir.alive.clock == START + 50
    assert heir.waits(200) == before.waits(200) == [(100, "-s")]


def test_a_new_segment_is_entered_at_the_instant_from_which_the_rules_are_in_force() -> None:
    heir = Heir(seen_at_0(SEEN), segment(SEEN), segment(LONG_SEEN, "long"), effective_from=70)
    assert heir.said == [(70, "+long")]
    (entered,) = heir.decision.changes
    assert (entered.cause, entered.event_id, entered.sequence) == ("rules", None, 2)
    assert entered.rules == heir.rules.version
    assert entered.because == ("performed seen within 1s: last at 2026-01-01T00:00:00.000Z",)
    assert heir.waits(2_000) == [(100, "-s"), (1_000, "-long")]


def test_what_would_have_been_said_long_ago_is_not_said_now() -> None:
    heir = Heir(seen_at_0(Quiet(5_000)), SEEN, effective_from=700)
    assert heir.said == []
    assert heir.waits(2_000) == []


def test_rules_speak_at_the_clock_where_that_is_later() -> None:
    heir = Heir(seen_at_0(SEEN), NoneOf((SEEN,)), effective_from=-70)
    assert heir.said == [(0, "-s")]
    assert heir.waits(200) == [(100, "+s")]


def test_a_change_moves_the_clock() -> None:
    heir = Heir(
        seen_at_0(SEEN),
        LONG_SEEN,
        segment(SEEN, "new"),
        effective_from=70,
        header=Header(max_lateness=9),
    )
    assert heir.alive.clock == START + 70
    assert heir.decides(on(60)).outcome == "late"


def test_a_memory_that_is_new_is_empty() -> None:
    before = seen_at_0(SEEN)
    before.does(on(0, "done"))
    heir = Heir(before, segment(SEEN), segment(DONE, "buyer"), effective_from=1)
    assert heir.said == []
    assert heir.does(on(2, "done")) == [(2, "+buyer")]


@pytest.mark.parametrize("effective_from", [20, 70])
def test_how_long_a_customer_has_been_silent_is_known_all_the_same(effective_from: Millis) -> None:
    heir = Heir(
        seen_at_0(SEEN), segment(SEEN), segment(Quiet(50), "calm"), effective_from=effective_from
    )
    assert heir.said + heir.waits(90) == [(max(50, effective_from), "+calm")]


def test_a_segment_that_is_no_more_is_exited_whatever_its_settings_say() -> None:
    heir = Heir(seen_at_0(segment(SEEN, min_dwell=DAY)), segment(DONE, "other"), effective_from=5)
    assert heir.said == [(5, "-s")]
    (exited,) = heir.decision.changes
    assert (exited.cause, exited.because) == ("rules", ("the rules no longer have it",))
    assert (exited.ladder, exited.sequence) == (None, 2)


def test_a_segment_that_is_switched_off_is_exited() -> None:
    heir = Heir(seen_at_0(SEEN), segment(SEEN, enabled=False), effective_from=5)
    assert heir.said == [(5, "-s")]


def test_settings_hold_back_what_rules_change_as_they_hold_back_everything() -> None:
    heir = Heir(seen_at_0(SEEN), segment(DONE, min_dwell=40), effective_from=5)
    assert heir.said == []
    assert heir.waits(100) == [(40, "-s")]


def test_one_moment_is_decided_in_order_and_exits_of_what_is_lost_come_first() -> None:
    inside = segment(InSegment("s"), "a_reader")
    heir = Heir(seen_at_0(segment(SEEN, "z")), inside, segment(SEEN), effective_from=5)
    assert heir.said == [(5, "-z"), (5, "+s"), (5, "+a_reader")]
    assert [one.sequence for one in heir.decision.changes] == [2, 3, 4]


def ladder(*tiers: str, min_dwell: Millis = 0) -> Ladder:
    """A ladder on which whoever was seen is on the first tier."""
    first, *others = (Tier(key, SEEN) for key in tiers)
    plain = segment(SEEN, min_dwell=min_dwell)
    return Ladder("l", "l", "To be tested.", (first, *others), plain.settings)


def test_a_tier_that_is_no_more_is_left_for_another_one() -> None:
    heir = Heir(
        seen_at_0(ladder("old", min_dwell=DAY)), ladder("new", min_dwell=DAY), effective_from=5
    )
    assert heir.said == [(5, "-l.old"), (5, "+l.new")]
    assert at_once(heir.decision) == [("l.old", "old", "new"), ("l.new", "old", "new")]


def test_a_tier_that_is_no_more_may_leave_the_customer_on_none() -> None:
    heir = Heir(
        seen_at_0(ladder("old")), Ladder("l", "l", "-", (Tier("new", DONE),)), effective_from=5
    )
    assert at_once(heir.decision) == [("l.old", "old", None)]
    assert heir.does(on(9, "done")) == [(9, "+l.new")]


def test_who_had_to_leave_a_tier_stays_off_the_ladder_for_its_dwell() -> None:
    done = Ladder("l", "l", "-", (Tier("new", DONE),), segment(SEEN, min_dwell=20).settings)
    heir = Heir(seen_at_0(ladder("old")), done, effective_from=5)
    assert heir.does(on(9, "done")) == []
    assert heir.waits(50) == [(25, "+l.new")]


def test_tiers_may_change_their_order() -> None:
    heir = Heir(seen_at_0(ladder("a", "b")), ladder("b", "a"), effective_from=5)
    assert at_once(heir.decision) == [("l.a", "a", "b"), ("l.b", "a", "b")]


def test_a_segment_that_becomes_a_ladder_is_exited() -> None:
    heir = Heir(seen_at_0(segment(SEEN, "l")), ladder("a"), effective_from=5)
    assert at_once(heir.decision) == [("l", None, None), ("l.a", None, "a")]


def test_a_ladder_that_becomes_a_segment_is_exited() -> None:
    heir = Heir(seen_at_0(ladder("a")), segment(SEEN, "l"), effective_from=5)
    assert at_once(heir.decision) == [("l.a", "a", None), ("l", None, None)]


def test_who_rests_for_longer_than_the_new_retention_is_forgotten() -> None:
    before = seen_at_0(segment(SEEN), segment(Quiet(50), "calm"))
    before.waits(60)
    heir = Heir(before, SEEN, effective_from=DAY, header=Header(retention=DAY))
    assert heir.said == [(DAY, "-calm"), (DAY, "-s")]
    assert {one.cause for one in heir.decision.changes} == {"rules"}
    assert heir.decision.profile is None


def test_a_shorter_retention_ends_in_its_time() -> None:
    heir = Heir(seen_at_0(LONG_SEEN), LONG_SEEN, effective_from=5, header=Header(retention=90))
    assert heir.said == []
    assert heir.waits(100) == [(90, "-s")]


def test_rules_that_renew_say_nothing_when_they_come_again() -> None:
    heir = Heir(
        seen_at_0(SEEN), LONG_SEEN, segment(DONE, "t"), segment(SEEN, "u"), effective_from=5
    )
    again = Heir(heir, LONG_SEEN, segment(DONE, "t"), segment(SEEN, "u"), effective_from=5)
    assert (heir.said, again.said) == ([(5, "+u")], [])
    assert again.bytes == heir.bytes


def test_an_event_goes_on_from_there() -> None:
    heir = Heir(seen_at_0(SEEN), LONG_SEEN, segment(DONE, "t"), effective_from=50)
    assert heir.does(on(60, "done")) == [(60, "+t")]
    assert heir.waits(3_000) == [(160, "-t"), (1_000, "-s")]


def test_the_same_profile_is_renewed_to_the_same() -> None:
    before = seen_at_0(SEEN)
    first, second = (Heir(before, NoneOf((SEEN,)), effective_from=7) for _ in range(2))
    assert first.decision.changes == second.decision.changes
    assert first.bytes == second.bytes
    following = [decide(one.rules, one.profile, on(9)._replace(id="x")) for one in (first, second)]
    assert following[0].changes == following[1].changes
