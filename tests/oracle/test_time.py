"""Acceptance, the clock, log time and retention (2 to 4, 21)."""

from random import Random

import pytest

from tests.oracle import oracle_run
from tests.oracle.run import SomeAppendedError
from tests.oracle.shop import (
    IN,
    OUT,
    START,
    D,
    H,
    M,
    S,
    by,
    flips,
    header,
    lines,
    on,
    run,
    segment,
    story,
    turns,
)
from tests.oracle.values import Node

WITHIN_10S: Node = {"performed": "a", "within": "10s"}
TWICE: Node = {"performed": "a", "at_least": 2}
SOON = [header(max_lateness="10s", retention="1m"), segment("s", WITHIN_10S)]


def test_a_late_event_is_put_at_its_own_time_and_decided_at_the_clock() -> None:
    assert flips(WITHIN_10S, on(9 * S, "b"), on(0, "a")) == [(9 * S, IN), (10 * S, OUT)]
    assert flips(WITHIN_10S, on(10 * S, "b"), on(0, "a")) == []


def test_late_means_older_than_the_clock_by_more_than_max_lateness() -> None:
    at_the_bound = run(SOON, on(10 * S, "b"), on(0, "a"))
    assert at_the_bound.rejected == []
    assert run(SOON, on(10 * S + 1, "b"), on(0, "a")).rejected == [(2, "late")]


def test_the_clock_moves_with_changes_but_not_with_instants_that_say_nothing() -> None:
    ladders_of_time = [*SOON, segment("z", {"performed": "a", "within": "15s"})]
    late = by(on(4 * S, "b"), appended=17 * S)
    result = run(ladders_of_time, by(on(0, "a"), appended=0), late)
    assert result.rejected == [(2, "late")]
    silent = [header(max_lateness="10s"), segment("z", {"performed": "never", "within": "15s"})]
    assert run(silent, on(0, "a"), on(-10 * S, "b"), until=None).rejected == []


def test_a_duplicate_moves_nothing() -> None:
    first, again = by(on(0, "a"), id="x"), by(on(5 * S, "a"), id="x")
    assert flips(TWICE, first, again) == []
    assert run([segment("s", TWICE)], first, again).rejected == [(2, "duplicate")]
    other = by(again, user_id="d")
    assert run([segment("s", TWICE)], first, other).rejected == []


def test_an_id_is_forgotten_when_its_event_is_older_than_max_lateness() -> None:
    first = by(on(0, "a"), id="x")
    assert run(SOON, first, on(10 * S, "b"), by(on(10 * S, "a"), id="x")).rejected == [
        (3, "duplicate")
    ]
    assert run(SOON, first, on(10 * S + 1, "b"), by(on(11 * S, "a"), id="x")).rejected == []


def test_the_clock_that_counts_for_a_duplicate_is_that_before_the_event() -> None:
    first = by(on(0, "a"), id="x")
    assert run(SOON, first, by(on(30 * S, "a"), id="x")).rejected == [(2, "duplicate")]


def test_only_the_last_256_ids_count() -> None:
    first, again = by(on(0, "a"), id="x"), by(on(S, "a"), id="x")
    others = [on(at, "b") for at in range(1, 256)]
    assert run([segment("s", TWICE)], first, *others, again).rejected == [(257, "duplicate")]
    assert run([segment("s", TWICE)], first, *others, on(256, "b"), again).rejected == []


def test_log_time_moves_everybody_before_the_record() -> None:
    quiet_one = by(on(0, "a"), appended=0)
    stranger = by(on(12 * S, "b"), user_id="d", appended=12 * S - 1)
    rules = [segment("s", WITHIN_10S)]
    assert turns(run(rules, quiet_one, stranger, until=None), "s") == [(0, IN)]
    stranger["appended"] += 1
    assert turns(run(rules, quiet_one, stranger, until=None), "s") == [(0, IN), (10 * S, OUT)]


@pytest.mark.parametrize("seed", range(10))
def test_what_is_said_of_a_customer_is_the_same_when_others_records_move_no_time(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 (a seed, not secrecy)
    told, now = [], 0
    for number in range(40):
        now += chance.choice((0, S, 9 * S, 12 * S, 2 * M))
        late = chance.choice((0, 0, 3 * S, 11 * S))
        one = by(on(now - late, chance.choice("abc")), appended=now + chance.choice((0, 2 * S)))
        told.append(by(one, id=f"e-{number}", user_id=chance.choice("xyz")))
    documents = [*SOON, segment("t", {"not_performed": "a", "since": "b"}), segment("u", TWICE)]
    whole = oracle_run(documents, lines(*told), START + now + D)
    assert whole.changes
    assert oracle_run(documents, lines(*told), START + now + D, each_alone=True) == whole


def test_log_time_acts_before_acceptance_and_so_moves_the_clock() -> None:
    events = by(on(0, "a"), appended=0), by(on(9 * S, "a"), appended=12 * S)
    assert flips(WITHIN_10S, *events, until=D) == [
        (0, IN),
        (10 * S, OUT),
        (10 * S, IN),
        (19 * S, OUT),
    ]


def test_late_and_early_by_append_time() -> None:
    def rejected(time: int, appended: int) -> list[tuple[int, str]]:
        return list(run(SOON, by(on(time, "a"), appended=appended)).rejected)

    assert rejected(0, 10 * S) == []
    assert rejected(0, 10 * S + 1) == [(1, "late")]
    assert rejected(5 * M, 0) == []
    assert rejected(5 * M + 1, 0) == [(1, "early")]


def test_log_time_never_goes_back_but_each_record_is_judged_by_its_own() -> None:
    rules = [header(max_lateness="10s"), segment("s", WITHIN_10S)]
    later = by(on(60 * S, "b"), user_id="d", appended=60 * S)
    back = by(on(0, "a"), appended=S)
    result = run(rules, later, back, by(on(60 * S, "b"), user_id="d", appended=2 * S), until=None)
    assert result.rejected == []
    assert turns(result, "s") == [(0, IN), (10 * S, OUT)]


def test_rejected_records_move_log_time_and_invalid_ones_do_not() -> None:
    rules = [segment("s", WITHIN_10S)]
    start = by(on(0, "a"), appended=0)
    late = by(on(0, "b"), user_id="d", appended=2 * D)
    assert turns(run(rules, start, late, until=None), "s") == [(0, IN), (10 * S, OUT)]
    invalid = by(late, name="No Name")
    assert turns(run(rules, start, invalid, until=None), "s") == [(0, IN)]


def test_the_end_is_the_larger_of_event_time_and_log_time() -> None:
    rules = [segment("s", WITHIN_10S)]
    assert turns(run(rules, on(0, "a"), by(on(10 * S, "b"), user_id="d")), "s") == [
        (0, IN),
        (10 * S, OUT),
    ]
    assert turns(run(rules, on(0, "a"), by(on(9 * S, "b"), user_id="d")), "s") == [(0, IN)]
    ahead = by(on(10 * S, "b"), user_id="d", appended=0)
    assert turns(run(rules, by(on(0, "a"), appended=0), ahead), "s") == [(0, IN), (10 * S, OUT)]


def test_nothing_beyond_until_is_said_and_later_events_are_left_out() -> None:
    rules = [segment("s", WITHIN_10S)]
    left_out = by(on(11 * S, "b"), user_id="d", appended=13 * S)
    events = by(on(0, "a"), appended=0), left_out
    assert turns(run(rules, *events, until=10 * S), "s") == [(0, IN), (10 * S, OUT)]
    assert turns(run(rules, *events, until=10 * S - 1), "s") == [(0, IN)]
    assert run(rules, by(left_out, appended=0), until=10 * S).rejected == []


def test_a_file_in_which_only_some_lines_carry_append_times_is_refused() -> None:
    with pytest.raises(SomeAppendedError):
        run(SOON, on(0, "a"), by(on(0, "a"), appended=0))
    oracle_run(SOON, [b"", *lines(by(on(0, "a"), appended=0))])


def test_retention_ends_everything_at_its_instant() -> None:
    rules = [header(retention="1m"), segment("s", {"performed": "a"}, min_dwell="1m")]
    result = run(rules, on(0, "a"), on(30 * S, "b"), until=D)
    assert story(result) == [(0, IN, "s"), (90 * S, OUT, "s")]
    assert result.members == {}


def test_a_profile_begun_anew_begins_at_one() -> None:
    rules = [header(retention="1m"), segment("s", TWICE), segment("t", {"performed": "a"})]
    result = run(rules, on(0, "a"), on(M, "a"), until=M)
    assert story(result) == [(0, IN, "t"), (M, OUT, "t"), (M, IN, "t")]
    assert [change["sequence"] for change in result.changes["c"]] == [1, 2, 1]
    assert [change["born"] - START for change in result.changes["c"]] == [0, 0, M]
    assert [change["cause"] for change in result.changes["c"]] == ["event", "time", "event"]


def test_only_the_exits_are_said_at_the_end_of_retention() -> None:
    rules = [
        header(retention="1m"),
        segment("s", {"quiet": "1m"}),
        segment("t", {"performed": "a"}),
    ]
    assert story(run(rules, on(0, "a"), until=H)) == [(0, IN, "t"), (M, OUT, "t")]


def test_a_profile_that_is_gone_has_no_clock_and_no_ids() -> None:
    rules = [header(retention="1m", max_lateness="1m"), segment("t", {"performed": "a"})]
    gone = by(on(0, "a"), id="x", appended=0), by(on(62 * S, "b"), user_id="d", appended=62 * S)
    back = by(on(2 * S, "a"), id="x", appended=62 * S)
    result = run(rules, *gone, back, until=None)
    assert result.rejected == []
    assert story(result) == [(0, IN, "t"), (M, OUT, "t"), (2 * S, IN, "t")]
    assert run(rules, *gone, by(on(2 * S - 1, "a"), appended=62 * S)).rejected == [(3, "late")]


def test_an_accepted_late_event_does_not_shorten_retention() -> None:
    rules = [header(retention="1m"), segment("t", {"performed": "a"})]
    result = run(rules, on(10 * S, "b"), on(5 * S, "a"), until=H)
    assert story(result) == [(10 * S, IN, "t"), (70 * S, OUT, "t")]
