"""Deciding: what is accepted, what happens first, what is said; nothing else is changed."""

from typing import Any

import pytest

from streamer.core.engine.decide import MAX_AHEAD, decide
from streamer.core.leaves.performed import NotPerformed, Performed, Quiet
from streamer.core.leaves.sequence import Sequence, Step
from streamer.core.leaves.trait import Trait
from streamer.core.rules.spec import All, Comparison, Condition, Header, Ladder, Scope, Tier
from streamer.types import DAY, Event, Wake
from tests.core.shopper import START, Shopper, known, on, segment

WITHIN_10 = Performed(Scope(("seen",), within=10))
HEADER = Header(max_lateness=100, retention=DAY)


def shopper_at_1000() -> Shopper:
    """Somebody with a profile: an event `known` at 1000."""
    everything: list[Condition] = [
        WITHIN_10,
        Performed(Scope((), within=5), "same", "p", at_least=2),
        Trait("segment", (Comparison("is", "gold"),)),
        Sequence((Step(("seen",)), Step(("done",)))),
    ]
    rules = [segment(one, f"s{number}") for number, one in enumerate(everything)]
    shopper = Shopper(*rules, header=HEADER)
    shopper.does(on(1_000, p="a")._replace(id="known", traits={"segment": "gold"}))
    return shopper


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (on(900), "applied"),
        (on(899), "late"),
        (on(1_000)._replace(id="known"), "duplicate"),
        (on(950)._replace(id="known"), "duplicate"),
        (on(899)._replace(id="known"), "late"),
        (on(2_000)._replace(id="known"), "duplicate"),
        (on(1_000)._replace(appended=START + 1_100), "applied"),
        (on(1_000)._replace(appended=START + 1_101), "late"),
        (on(1_000 + MAX_AHEAD)._replace(appended=START + 1_000), "applied"),
        (on(1_001 + MAX_AHEAD)._replace(appended=START + 1_000), "early"),
        (on(1_001 + MAX_AHEAD)._replace(appended=START + 1_000, id="known"), "early"),
    ],
)
def test_acceptance_is_judged_in_order(event: Event, outcome: str) -> None:
    assert shopper_at_1000().decides(event).outcome == outcome


def test_without_append_time_nothing_is_early() -> None:
    assert shopper_at_1000().decides(on(50 * DAY)).outcome == "applied"


def test_a_first_event_can_be_late_or_early_by_its_append_time() -> None:
    for lag, outcome in ((101, "late"), (100, "applied"), (-MAX_AHEAD - 1, "early")):
        shopper = Shopper(WITHIN_10, header=HEADER)
        decision = shopper.decides(on(0)._replace(appended=START + lag))
        assert (decision.outcome, decision.profile is None) == (outcome, outcome != "applied")


@pytest.mark.parametrize(
    "event",
    [
        on(899, "done", p="b")._replace(traits={"segment": "tin"}),
        on(1_004, "done", p="a")._replace(id="known", traits={"segment": "tin"}),
        on(20_000, p="a")._replace(id="known", traits={"segment": "tin"}),
        on(10**9, p="a")._replace(appended=START + 1_000, traits={"segment": "tin"}),
    ],
    ids=["late", "duplicate", "duplicate beyond due wakes", "early"],
)
def test_what_is_not_accepted_leaves_no_trace(event: Event) -> None:
    shopper = shopper_at_1000()
    before = shopper.bytes
    decision = shopper.decides(event)
    assert decision.changes == ()
    assert shopper.bytes == before


def test_a_known_id_is_new_again_when_it_is_too_old_to_matter() -> None:
    shopper = shopper_at_1000()
    shopper.does(on(1_101))
    assert shopper.decides(on(1_101)._replace(id="known")).outcome == "applied"


def test_a_silent_wake_moves_nothing() -> None:
    both = All((WITHIN_10, Performed(Scope(("done",), within=15), at_least=2)))
    silent = Shopper(segment(both), header=HEADER)
    silent.does(on(0), on(5, "done"))
    kept = everything_but_the_wake(silent)
    assert silent.waits(5_000) == []
    assert everything_but_the_wake(silent) == kept
    assert silent.alive.clock == START + 5
    assert silent.decides(on(-95)).outcome == "applied"


def everything_but_the_wake(shopper: Shopper) -> list[Any]:
    profile = shopper.alive
    names = ["born", "clock", "last", "sequence", "ids", "id_times", "inside", "since"]
    states = [None if state is None else state.pack(0) for state in profile.states]
    return [*(repr(getattr(profile, name)) for name in names), repr(states)]


def test_an_event_between_the_clock_and_a_silent_wake_is_decided_afresh() -> None:
    shopper = Shopper(All((WITHIN_10, Performed(Scope(("done",)), at_least=2))))
    shopper.does(on(0), on(1, "done"))
    shopper.waits(500)  # at 10 the first leaf flips, and nothing is said
    assert shopper.does(on(9, "done")) == [(9, "+s")]
    assert shopper.waits(500) == [(10, "-s")]


def test_a_wake_that_speaks_moves_the_clock() -> None:
    shopper = Shopper(WITHIN_10, header=HEADER)
    shopper.does(on(0))
    assert shopper.waits(500) == [(10, "-s")]
    assert shopper.alive.clock == START + 10
    assert shopper.decides(on(-90)).outcome == "applied"
    assert shopper.decides(on(-91)).outcome == "late"


def test_due_wakes_come_before_the_event_each_at_its_own_instant() -> None:
    shopper = Shopper(segment(WITHIN_10), segment(Quiet(4), "calm"))
    assert shopper.does(on(0)) == [(0, "+s")]
    assert shopper.does(on(50)) == [(4, "+calm"), (10, "-s"), (50, "-calm"), (50, "+s")]


def test_an_exit_and_an_entry_can_both_be_said_at_one_instant() -> None:
    shopper = Shopper(WITHIN_10)
    assert shopper.does(on(0), on(10)) == [(0, "+s"), (10, "-s"), (10, "+s")]


def test_a_late_event_is_decided_at_the_clock() -> None:
    shopper = Shopper(Performed(Scope(("seen",), within=10), at_least=2))
    assert shopper.does(on(9), on(5)) == [(9, "+s")]
    assert shopper.waits(100) == [(15, "-s")]


def test_changes_of_a_moment_are_in_the_order_of_plans() -> None:
    shopper = Shopper(segment(WITHIN_10, "b"), segment(WITHIN_10, "a"))
    assert shopper.does(on(0)) == [(0, "+a"), (0, "+b")]


def test_the_end_of_retention_ends_everything() -> None:
    always = segment(NotPerformed(Scope(("never",))), "always", min_dwell=3 * DAY)
    shopper = Shopper(always, segment(Quiet(DAY), "calm"), header=HEADER)
    assert shopper.does(on(0)) == [(0, "+always")]
    assert shopper.waits(DAY - 1) == []
    assert shopper.waits(DAY) == [(DAY, "-always")]  # and nobody becomes calm
    assert shopper.profile is None


def test_an_event_at_the_end_of_retention_begins_anew() -> None:
    shopper = Shopper(Performed(Scope(("seen",)), at_least=1), header=HEADER)
    shopper.does(on(5))
    decision = shopper.decides(on(DAY + 5))
    assert [
        (change.at - START, change.direction, change.sequence, change.born - START)
        for change in decision.changes
    ] == [(DAY + 5, "exited", 2, 5), (DAY + 5, "entered", 1, DAY + 5)]
    assert shopper.alive.born == START + DAY + 5


def test_retention_counts_from_the_latest_event_and_not_from_the_clock() -> None:
    shopper = Shopper(segment(WITHIN_10), segment(Quiet(4), "calm"), header=HEADER)
    shopper.does(on(0), on(-20))
    assert shopper.waits(DAY - 1) == [(4, "+calm"), (10, "-s")]
    assert shopper.waits(DAY) == [(DAY, "-calm")]


def test_sequence_numbers_have_no_gap() -> None:
    shopper = Shopper(segment(WITHIN_10, "a"), segment(WITHIN_10, "b"))
    changes = [
        change
        for at in (0, 20, 40)
        for change in shopper.decides(on(at)).changes
    ]  # fmt: skip
    assert [change.sequence for change in changes] == list(range(1, 11))


def change_of(customer: str = "c", key: str = "s", at: int = 0, born: int = 0) -> Any:  # noqa: ANN401
    shopper = Shopper(segment(Performed(Scope(("seen",))), key), header=HEADER)
    shopper.does(on(born, "other")._replace(customer=customer))
    (change,) = shopper.decides(on(at)._replace(customer=customer)).changes
    return change


def test_change_ids_follow_from_the_facts_alone() -> None:
    same = [change_of() for _ in range(2)]
    assert same[0] == same[1]
    others = [change_of("d"), change_of(key="t"), change_of(at=1), change_of(born=-1)]
    entered_again = Shopper(WITHIN_10, header=HEADER)
    entered_again.does(on(0))
    others += entered_again.decides(on(10)).changes
    assert len({change.change_id for change in (same[0], *others)}) == len(others) + 1


def test_a_change_says_what_caused_it() -> None:
    shopper = Shopper(WITHIN_10)
    (entered,) = shopper.decides(on(0)._replace(id="the one")).changes
    (exited,) = decide(shopper.rules, shopper.profile, Wake(START + 10)).changes
    assert (entered.cause, entered.event_id) == ("event", "the one")
    assert (exited.cause, exited.event_id) == ("time", None)
    assert entered.because == ("performed seen within 10ms: last at 2026-01-01T00:00:00.000Z",)
    assert exited.because == ("performed seen within 10ms: none",)
    assert entered.rules == exited.rules == shopper.rules.version


def test_both_changes_of_a_move_carry_both_tiers() -> None:
    tiers = (Tier("high", Performed(Scope(("seen",), within=10))), Tier("low", None))
    shopper = Shopper(Ladder("l", "l", "To be tested.", tiers))
    said = [shopper.decides(known(0, segment="a")).changes, shopper.decides(on(5)).changes]
    assert [
        [(one.segment, one.direction, one.ladder, one.origin, one.target) for one in changes]
        for changes in said
    ] == [
        [("l.low", "entered", "l", None, "low")],
        [("l.low", "exited", "l", "low", "high"), ("l.high", "entered", "l", "low", "high")],
    ]


def test_nothing_depends_on_a_profile_being_kept_decoded() -> None:
    kept, reread = shopper_at_1000(), shopper_at_1000()
    for event in (
        on(1_003),
        on(990, "seen", p="a"),
        known(1_004, segment="tin"),
        on(1_020, "done"),
    ):
        assert kept.decides(event).changes == reread.reread().decides(event).changes
    assert kept.waits(2 * DAY) == reread.reread().waits(2 * DAY)


IN_A_DAY = Performed(Scope(("seen",), within=DAY), at_least=3)


@pytest.mark.parametrize(("silence", "kept"), [(DAY - 1, True), (DAY, False)])
def test_after_long_silence_an_event_makes_forget_what_no_window_reaches(
    silence: int, *, kept: bool
) -> None:
    shopper = Shopper(IN_A_DAY, header=Header(max_lateness=DAY // 2))
    shopper.does(on(0), on(1), on(1 + silence, "other"))
    assert (shopper.alive.states[0] is not None) is kept
    assert len(shopper.alive.id_times) == 1


def test_a_change_after_long_silence_makes_forget_too() -> None:
    lasting = NotPerformed(Scope(("never",)))
    once = segment(Performed(Scope(("seen",), within=2 * DAY)), "once")
    shopper = Shopper(IN_A_DAY, once, segment(All((lasting, Quiet(3 * DAY))), "calm"))
    shopper.does(on(0), on(1))
    shopper.waits(2 * DAY)
    assert shopper.alive.states[shopper.rules.forgetful[0].slot] is not None
    assert shopper.waits(3 * DAY + 1) == [(2 * DAY + 1, "-once"), (3 * DAY + 1, "+calm")]
    assert shopper.alive.ids == b""
    assert [shopper.alive.states[cell.slot] for cell in shopper.rules.forgetful] == [None]


def test_silence_is_not_broken_by_a_late_event() -> None:
    shopper = Shopper(IN_A_DAY, header=Header(max_lateness=2 * DAY))
    shopper.does(on(0), on(DAY + 5, "other"), on(5), on(6), on(7))
    assert shopper.waits(DAY + 6) == []
    assert shopper.does(on(DAY + 5), on(DAY + 5)) == [(DAY + 5, "+s")]
