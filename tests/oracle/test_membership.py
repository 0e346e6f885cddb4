"""Membership, its settings, ladders, references and the order of saying (18 to 20, 22)."""

from tests.oracle.shop import (
    IN,
    OUT,
    START,
    D,
    S,
    flips,
    ladder,
    on,
    run,
    segment,
    story,
    told,
    turns,
)
from tests.oracle.values import Node

WITHIN_10S: Node = {"performed": "a", "within": "10s"}
ENGAGEMENT = ladder(
    "engagement",
    {"active": {"performed": "any", "at_least": 5, "within": "7d"}},
    {"semi_active": {"performed": "any", "within": "30d"}},
    {"passive": "otherwise"},
)


def test_an_exit_and_an_entry_can_both_be_said_at_one_instant() -> None:
    assert flips(WITHIN_10S, on(0, "a"), on(10 * S, "a")) == [
        (0, IN),
        (10 * S, OUT),
        (10 * S, IN),
        (20 * S, OUT),
    ]


def test_min_dwell_holds_back_both_ways_and_acts_at_its_end() -> None:
    assert flips(WITHIN_10S, on(0, "a"), min_dwell="15s") == [(0, IN), (15 * S, OUT)]
    assert flips(WITHIN_10S, on(0, "a"), on(12 * S, "a"), min_dwell="15s") == [
        (0, IN),
        (22 * S, OUT),
    ]
    assert flips(WITHIN_10S, on(0, "a"), on(11 * S, "a"), min_dwell="10s") == [
        (0, IN),
        (10 * S, OUT),
        (20 * S, IN),
        (30 * S, OUT),
    ]


def test_cooldown_holds_back_the_entry_only() -> None:
    assert flips(WITHIN_10S, on(0, "a"), on(11 * S, "a"), cooldown="5s") == [
        (0, IN),
        (10 * S, OUT),
        (15 * S, IN),
        (21 * S, OUT),
    ]
    assert flips(WITHIN_10S, on(0, "a"), on(11 * S, "a"), cooldown="11s") == [
        (0, IN),
        (10 * S, OUT),
    ]


def test_cooldown_is_counted_from_the_last_exit() -> None:
    assert flips(WITHIN_10S, on(0, "a"), on(15 * S, "a"), cooldown="5s") == [
        (0, IN),
        (10 * S, OUT),
        (15 * S, IN),
        (25 * S, OUT),
    ]


def test_a_ladder_moves_in_two_changes() -> None:
    result = run([ENGAGEMENT], *(on(at, "page_viewed") for at in range(5)), until=31 * D)
    assert story(result) == [
        (0, IN, "engagement.semi_active"),
        (4, OUT, "engagement.semi_active"),
        (4, IN, "engagement.active"),
        (7 * D, OUT, "engagement.active"),
        (7 * D, IN, "engagement.semi_active"),
        (30 * D + 4, OUT, "engagement.semi_active"),
        (30 * D + 4, IN, "engagement.passive"),
    ]
    entered, exited, moved = result.changes["c"][:3]
    assert (entered["ladder"], entered["from"], entered["to"]) == (
        "engagement",
        None,
        "semi_active",
    )
    assert (
        (exited["from"], exited["to"]) == (moved["from"], moved["to"]) == ("semi_active", "active")
    )
    assert (entered["cause"], entered["event"]) == ("event", "e1")
    assert (result.changes["c"][3]["cause"], result.changes["c"][3]["event"]) == ("time", None)
    assert [change["sequence"] for change in result.changes["c"]] == [1, 2, 3, 4, 5, 6, 7]
    assert {change["born"] for change in result.changes["c"]} == {START}


def test_identified_gives_the_first_tier_too() -> None:
    assert story(run([ENGAGEMENT], told(0))) == [(0, IN, "engagement.passive")]


def test_a_ladder_without_otherwise_may_leave_a_customer_on_none() -> None:
    steps = ladder(
        "steps", {"high": {"performed": "a", "at_least": 2, "within": "5s"}}, {"low": WITHIN_10S}
    )
    result = run([steps], on(0, "a"), on(S, "a"), until=D)
    assert story(result) == [
        (0, IN, "steps.low"),
        (S, OUT, "steps.low"),
        (S, IN, "steps.high"),
        (5 * S, OUT, "steps.high"),
        (5 * S, IN, "steps.low"),
        (11 * S, OUT, "steps.low"),
    ]
    assert (result.changes["c"][-1]["from"], result.changes["c"][-1]["to"]) == ("low", None)


def test_min_dwell_of_a_ladder_counts_the_first_tier_and_every_move() -> None:
    steps = ladder(
        "steps",
        {"high": {"performed": "a", "at_least": 2, "within": "5s"}},
        {"low": WITHIN_10S},
        min_dwell="3s",
    )
    result = run([steps], on(0, "a"), on(S, "a"), until=D)
    assert turns(result, "steps.high") == [(3 * S, IN), (6 * S, OUT)]
    assert turns(result, "steps.low") == [(0, IN), (3 * S, OUT), (6 * S, IN), (11 * S, OUT)]


def test_in_segment_sees_what_was_decided_earlier_in_the_same_moment() -> None:
    result = run(
        [segment("a_top", {"in_segment": "z"}), segment("z", WITHIN_10S)], on(0, "a"), until=D
    )
    assert story(result) == [
        (0, IN, "z"),
        (0, IN, "a_top"),
        (10 * S, OUT, "z"),
        (10 * S, OUT, "a_top"),
    ]


def test_in_segment_for_counts_from_the_reported_entry() -> None:
    since = segment("old", {"in_segment": "z", "for": "4s"})
    result = run(
        [since, segment("z", WITHIN_10S, min_dwell="6s")], on(0, "a"), on(9 * S, "a"), until=D
    )
    assert turns(result, "old") == [(4 * S, IN), (19 * S, OUT)]


def test_in_segment_follows_membership_and_not_truth() -> None:
    result = run(
        [segment("y", {"in_segment": "z"}), segment("z", WITHIN_10S, min_dwell="1m")],
        on(0, "a"),
        until=D,
    )
    assert turns(result, "y") == [(0, IN), (60 * S, OUT)]


def test_in_segment_of_a_tier() -> None:
    keen = segment("keen", {"in_segment": "engagement.active", "for": "1d"})
    result = run([keen, ENGAGEMENT], *(on(at, "page_viewed") for at in range(5)), until=31 * D)
    assert turns(result, "keen") == [(D + 4, IN), (7 * D, OUT)]


def test_left_segment_looks_at_the_last_reported_exit_of_that_tier() -> None:
    fell = segment("fell", {"left_segment": "engagement.active", "within": "30d"})
    result = run([fell, ENGAGEMENT], *(on(at, "page_viewed") for at in range(5)), until=60 * D)
    assert turns(result, "fell") == [(7 * D, IN), (37 * D, OUT)]
    again = segment("fell", {"left_segment": "z", "within": "1m"})
    result = run([again, segment("z", WITHIN_10S)], on(0, "a"), on(15 * S, "a"), until=D)
    assert turns(result, "fell") == [(10 * S, IN), (15 * S, OUT), (25 * S, IN), (85 * S, OUT)]


def test_changes_of_one_moment_go_by_chain_and_then_by_key() -> None:
    rules = [
        segment("c", {"in_segment": "b"}),
        segment("a", {"none": [{"in_segment": "c"}, {"performed": "never"}]}),
        segment("d", {"performed": "a"}),
        segment("b", {"performed": "a"}),
        ladder("ba", {"t": {"performed": "a"}}),
    ]
    result = run(rules, on(0, "a"), until=None)
    assert [key for _, _, key in story(result)] == ["b", "ba.t", "d", "c"]


def test_what_is_not_enabled_is_not_evaluated() -> None:
    assert run([segment("s", WITHIN_10S, enabled=False)], on(0, "a")).changes == {}
