"""The effect of reacting: who counts, in which group, and what the numbers say."""

from collections.abc import Sequence

import pytest

from streamer.adapters.memory import MemoryLog, MemorySink
from streamer.analysis.effect import (
    EffectEstimate,
    EffectRequest,
    Entries,
    effect_of_changes,
    effect_of_rules,
    verdict,
)
from streamer.analysis.proportions import Interval
from streamer.app.replay import replay
from streamer.codecs.changes import encode_change
from streamer.codecs.events import decode
from streamer.errors import UsageError
from streamer.types import DAY, HOUR, Millis
from tests.analysis.opened import events_of
from tests.cli.shop import START, event
from tests.engine import compiled

SHOP = """
segment: looked
title: Looked
purpose: An example for tests.
when: {{performed: product_viewed, within: 1h}}
settings: {{holdout: {share}}}
"""
RULES = compiled(SHOP.format(share="50%"))
ASKED = EffectRequest("looked", frozenset({"order_completed"}), DAY, 0.01)
(PLAN,) = RULES.segments
HELD_OUT = [who for who in (f"u-{n}" for n in range(60)) if PLAN.held_out(who)]
OTHERS = [who for who in (f"u-{n}" for n in range(60)) if not PLAN.held_out(who)]
END = event(9_999, 9 * DAY, "u-end", name="page_viewed")


def looked(number: int, who: str, at: Millis = 0) -> bytes:
    return event(number, at, who, name="product_viewed")


def bought(number: int, who: str, at: Millis) -> bytes:
    return event(number, at, who, name="order_completed")


def effect(*lines: bytes, until: Millis | None = None) -> EffectEstimate:
    return effect_of_rules(RULES, events_of(lines), ASKED, until)


EACH_LOOKED = (looked(1, HELD_OUT[0]), looked(2, OTHERS[0]), looked(3, OTHERS[1]))


def test_each_group_has_its_customers_and_conversions() -> None:
    found = effect(*EACH_LOOKED, bought(4, OTHERS[0], HOUR), END)
    assert (found.reacted.customers, found.reacted.converted) == (2, 1)
    assert (found.held_out.customers, found.held_out.converted) == (1, 0)
    assert found.difference == 0.5
    assert found.open_ == 0


@pytest.mark.parametrize(("at", "converted"), [(-1, 0), (0, 0), (1, 1), (DAY, 1), (DAY + 1, 0)])
def test_a_conversion_comes_after_the_entry_and_in_time(at: Millis, converted: int) -> None:
    shifted = [looked(n, who, HOUR) for n, who in enumerate((HELD_OUT[0], OTHERS[0]))]
    lines = [*shifted, bought(4, OTHERS[0], HOUR + at), END]
    assert effect(*lines).reacted.converted == converted


def test_a_customer_counts_once_with_the_first_entry() -> None:
    again = [looked(5, OTHERS[0], 3 * DAY), bought(6, OTHERS[0], 3 * DAY + 1)]
    found = effect(*EACH_LOOKED, *again, END)
    assert (found.reacted.customers, found.reacted.converted) == (2, 0)


def test_many_conversions_are_one() -> None:
    many = [bought(10 + n, OTHERS[0], HOUR + n) for n in range(5)]
    assert effect(*EACH_LOOKED, *many, END).reacted.converted == 1


def test_who_entered_too_late_to_convert_is_left_out_even_if_converted() -> None:
    late = [looked(5, OTHERS[2], 9 * DAY - HOUR), bought(6, OTHERS[2], 9 * DAY - 1)]
    found = effect(*EACH_LOOKED, *late, END)
    assert (found.reacted.customers, found.open_) == (2, 1)


def test_the_time_is_over_at_its_last_millisecond() -> None:
    until = START + DAY
    assert effect(*EACH_LOOKED, END, until=until).open_ == 0
    with pytest.raises(UsageError, match="the time to convert is not over"):
        effect(*EACH_LOOKED, END, until=until - 1)


def test_changes_that_were_told_say_the_same_as_the_rules() -> None:
    lines = [*EACH_LOOKED, bought(4, OTHERS[0], HOUR), END]
    sink = MemorySink()
    with events_of(lines)() as reading:
        replay(RULES, reading.log, decode, sink)
    told = MemoryLog()
    for change in sink.changes:
        told.append(encode_change(change))
    assert effect_of_changes(told, events_of(lines), ASKED) == effect(*lines)


def test_how_much_it_takes_follows_the_share_of_both_groups() -> None:
    """That none of a few who are held out converts is no share of 0 to go by."""
    people = [f"u-{n}" for n in range(106)]
    lines = [looked(n, who) for n, who in enumerate(people)]
    lines += [bought(200 + n, who, HOUR) for n, who in enumerate(people[7:25])]
    sink = MemorySink()
    with events_of(lines)() as reading:
        replay(RULES, reading.log, decode, sink)
    told = MemoryLog()
    for change in sink.changes:
        told.append(encode_change(change._replace(holdout=change.customer in people[:7])))
    found = effect_of_changes(told, events_of([*lines, END]), ASKED)
    assert (found.reacted.share, found.held_out.share) == (18 / 99, 0)
    assert found.needed == 12_215


def test_the_first_entry_is_the_earliest_also_in_another_order() -> None:
    sink = MemorySink()
    lines = [looked(1, "u-1"), looked(2, "u-1", 3 * DAY)]
    with events_of(lines)() as reading:
        replay(RULES, reading.log, decode, sink)
    entries = Entries("looked")
    entries.enter(reversed(sink.changes))
    assert entries.first["u-1"].at == START


@pytest.mark.parametrize(
    ("share", "lines", "why"),
    [
        ("50%", [END], "nobody entered looked: there is nothing to compare"),
        ("100%", EACH_LOOKED, "all 3 who entered looked are held out: nobody was reacted to"),
        ("1%", EACH_LOOKED[1:], "none of 2 who entered looked is held out: give looked a share"),
    ],
)
def test_without_two_groups_there_is_no_effect(
    share: str, lines: Sequence[bytes], why: str
) -> None:
    rules = compiled(SHOP.format(share=share))
    with pytest.raises(UsageError) as caught:
        effect_of_rules(rules, events_of([*lines, END]), ASKED)
    assert str(caught.value).startswith(why)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.001, 0.2, "more"),
        (-0.2, -0.001, "fewer"),
        (-0.009, 0.009, "alike"),
        (-0.01, 0.009, "unclear"),
        (0.0, 0.5, "unclear"),
    ],
)
def test_the_interval_says_whether_it_is_enough(low: float, high: float, said: str) -> None:
    assert verdict(Interval(low, high), worth=0.01) == said
