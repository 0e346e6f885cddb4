"""Explaining a customer: what made each condition so, and what comes next."""

import json
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamer.adapters.memory import MemoryLog, MemorySink
from streamer.analysis import following
from streamer.analysis.explain import explain, explain_all, explain_profile
from streamer.analysis.explanation import Branch, Explanation
from streamer.analysis.watch import Said, Truth
from streamer.app.inputs import EventReading
from streamer.app.replay import replay
from streamer.cli.tree import as_json, as_text
from streamer.codecs.events import decode
from streamer.codecs.outline import outline
from streamer.core.engine.decide import decide
from streamer.core.engine.program import RuleSet
from streamer.errors import InvalidEvent, UsageError
from streamer.instants import iso, parse_iso
from streamer.types import DAY, HOUR, MINUTE, Millis, Record, SegmentChange
from tests.engine import compiled
from tests.strategies import documents_to_yaml, histories, rule_documents
from tests.strategies.conditions import Draw

START = parse_iso("2026-01-01T00:00:00.000Z")
FAR = parse_iso("2199-01-01T00:00:00.000Z")
CART = """
segment: cart_abandoner
title: Left something in the cart
purpose: An example.
when:
  all:
    - performed: product_added
      within: 7d
    - not_performed: order_completed
      since: product_added
    - quiet: 30m
settings: {cooldown: 1d}
"""
LADDER = """
ladder: engagement
title: How engaged
purpose: An example.
tiers:
  - active: {performed: any, at_least: 2, within: 1d}
  - passive: otherwise
"""


def line(number: int, at: Millis, name: str, user: str = "u-1", **more: Any) -> bytes:  # noqa: ANN401
    event = {"id": f"e-{number}", "name": name, "time": START + at, "user_id": user, **more}
    return json.dumps(event).encode()


def explained(
    rules: str, lines: list[bytes], at: Millis | None = None, customer: str = "u-1"
) -> Explanation:
    instant = None if at is None else START + at
    return explain(compiled(rules), reading_of(lines), customer, at=instant)


def log_of(lines: list[bytes]) -> MemoryLog:
    log = MemoryLog()
    for each in lines:
        log.append(each)
    return log


def reading_of(lines: list[bytes]) -> EventReading:
    return EventReading(log_of(lines), decode)


def leaves(branch: Branch) -> list[Branch]:
    return [leaf for one in branch.conditions for leaf in leaves(one)] or [branch]


def cart_leaves(found: Explanation) -> list[Branch]:
    condition = found.segments[0].tiers[0].condition
    assert condition is not None
    return leaves(condition)


def test_a_membership_says_since_when_why_and_until_when() -> None:
    found = explained(CART, [line(1, 0, "product_added")], at=HOUR)
    (view,) = found.segments
    assert view.membership == "cart_abandoner"
    assert view.last is not None
    assert (view.last.change.at, view.last.event) == (START + 30 * MINUTE, None)
    assert view.next is not None
    assert (view.next.change.direction, view.next.change.at) == ("exited", START + 7 * DAY)


def test_each_leaf_says_what_made_it_so_and_when_it_flips() -> None:
    lines = [line(1, 0, "page_viewed"), line(2, MINUTE, "product_added")]
    added, not_bought, quiet = cart_leaves(explained(CART, lines, at=HOUR))
    assert added.truth.holds
    assert added.truth.event is not None
    assert (added.truth.event.id, added.truth.since) == ("e-2", START + MINUTE)
    assert added.flips == START + MINUTE + 7 * DAY
    assert not_bought.truth.holds
    assert not_bought.flips is None
    assert (quiet.truth.holds, quiet.truth.event) == (True, None)
    assert quiet.truth.since == START + 31 * MINUTE


def test_an_event_at_the_very_instant_takes_the_blame_from_time() -> None:
    lines = [line(1, 0, "product_added"), line(2, 30 * MINUTE, "page_viewed")]
    *_, quiet = cart_leaves(explained(CART, lines))
    assert not quiet.truth.holds
    assert quiet.truth.event is not None
    assert (quiet.truth.event.id, quiet.truth.since) == ("e-2", START + 30 * MINUTE)
    assert quiet.flips == START + HOUR


def test_a_setting_that_holds_a_move_back_is_named() -> None:
    lines = [line(1, 0, "product_added"), line(2, HOUR, "page_viewed")]
    (view,) = explained(CART, lines, at=2 * HOUR).segments
    assert view.membership is None
    assert view.waiting is not None
    assert (view.waiting.setting, view.waiting.until) == ("cooldown", START + HOUR + DAY)
    assert view.next is not None
    assert (view.next.change.direction, view.next.change.at) == ("entered", START + HOUR + DAY)


def test_a_change_that_a_setting_let_pass_names_it() -> None:
    lines = [line(1, 0, "product_added"), line(2, HOUR, "page_viewed")]
    (view,) = explained(CART, lines, at=2 * DAY).segments
    assert view.last is not None
    assert (view.last.setting, view.last.change.at) == ("cooldown", START + HOUR + DAY)


def test_a_ladder_says_the_tier_and_where_the_next_move_leads() -> None:
    lines = [line(1, 0, "page_viewed"), line(2, HOUR, "page_viewed")]
    (view,) = explained(LADDER, lines).segments
    assert view.membership == "engagement.active"
    assert view.next is not None
    assert (view.next.change.target, view.next.change.at) == ("passive", START + DAY)
    assert view.tiers[1].condition is None


def test_the_future_can_be_asked_for() -> None:
    found = explained(CART, [line(1, 0, "product_added")], at=8 * DAY)
    (view,) = found.segments
    assert view.membership is None
    assert view.last is not None
    assert view.last.change.at == START + 7 * DAY


def test_later_events_are_left_out() -> None:
    lines = [line(1, 0, "product_added"), line(2, HOUR, "order_completed")]
    found = explained(CART, lines, at=45 * MINUTE)
    assert found.events == 1
    assert found.segments[0].membership == "cart_abandoner"


def test_other_customers_move_log_time_and_nothing_else() -> None:
    lines = [
        line(1, 0, "product_added", appended=START),
        line(2, DAY, "product_added", "u-2", appended=START + DAY),
    ]
    found = explained(CART, lines)
    assert found.at == START + DAY
    assert found.events == 1
    assert found.segments[0].membership == "cart_abandoner"


def test_a_forgotten_customer_has_no_segments() -> None:
    found = explained(CART, [line(1, 0, "product_added")], at=401 * DAY)
    assert found.born is None
    assert found.forgotten == START + 400 * DAY
    assert found.segments == ()


def test_an_unknown_customer_is_offered_the_nearest() -> None:
    found = explained(CART, [line(1, 0, "product_added", "u-17")], customer="u-71")
    assert not found.occurs
    assert found.nearest == ("u-17",)


def test_an_unknown_segment_is_offered_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean cart_abandoner"):
        explain(compiled(CART), reading_of([]), "u-1", segment="cart_abandonner")


def test_a_late_event_is_to_blame_at_the_clock() -> None:
    lines = [line(1, HOUR, "page_viewed"), line(2, 0, "product_added")]
    added, *_ = cart_leaves(explained(CART, lines))
    assert added.truth.event is not None
    assert (added.truth.event.id, added.truth.since) == ("e-2", START + HOUR)


def test_what_log_time_saw_in_passing_does_not_count_before_the_clock_is_there() -> None:
    """The leaf would flip at 30 minutes, but an event of minute 20 comes after log time did."""
    lines = [
        line(1, 0, "page_viewed", appended=START),
        line(2, HOUR, "page_viewed", "u-2", appended=START + HOUR),
        line(3, 20 * MINUTE, "page_viewed", appended=START + HOUR),
    ]
    *_, quiet = cart_leaves(explained(CART, lines, at=HOUR))
    assert quiet.truth.since == START + 50 * MINUTE


@st.composite
def cases(draw: Draw) -> tuple[str, list[bytes]]:
    documents = draw(rule_documents())
    return documents_to_yaml(documents), draw(histories(documents))


def replayed(rules: RuleSet, lines: list[bytes], until: Millis) -> list[SegmentChange]:
    sink = MemorySink()
    replay(rules, log_of(lines), decode, sink, until=until)
    return sink.changes


def customers(lines: list[bytes]) -> set[str]:
    found = set()
    for number, each in enumerate(lines):
        try:
            found.add(decode(Record(0, number, each)).customer)
        except InvalidEvent:
            continue
    return found


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(cases())
def test_it_tells_what_a_replay_does(case: tuple[str, list[bytes]]) -> None:
    """Memberships are those of a replay, and the next change is the next one of a replay.

    Only reasons may tell more, since counts are told as they are.
    """
    text, lines = case
    rules, close = compiled(text), compiled(text, closely=1_000)
    for customer in sorted(customers(lines)):
        found = explain(close, reading_of(lines), customer)
        if found.at is None or found.born is None:
            continue
        told = (one._replace(because=()) for one in replayed(rules, lines, FAR))
        all_of_them = [one for one in told if one.customer == customer]
        for view in found.segments:
            own = [one for one in all_of_them if (one.ladder or one.segment) == view.key]
            before = [one for one in own if one.at <= found.at and one.born == found.born]
            after = [one for one in own if one.at > found.at and one.born == found.born]
            inside = before[-1].segment if before and before[-1].direction == "entered" else None
            assert view.membership == inside
            assert without_reasons(view.last) == (before[-1] if before else None)
            coming = after[0] if after else None
            assert without_reasons(view.next) == coming, f"{view.key} at {iso(found.at)}"


def without_reasons(said: Said | None) -> SegmentChange | None:
    return said and said.change._replace(because=())


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(cases(), st.integers(0, 40))
def test_a_flip_comes_true_at_its_instant_and_not_before(
    case: tuple[str, list[bytes]], days: int
) -> None:
    text, lines = case
    rules = compiled(text)
    for customer in sorted(customers(lines)):
        found = explain(rules, reading_of(lines), customer)
        if found.at is None or found.born is None:
            continue
        now = explain(rules, reading_of(lines), customer, at=found.at + days * DAY)
        for view in now.segments:
            for rung in view.tiers:
                for leaf in leaves(rung.condition) if rung.condition else []:
                    assert leaf.truth.since is not None
                    assert leaf.truth.since <= (now.at or 0)
                    assert not (leaf.truth.holds and leaf.missing)
                    if leaf.flips is not None and now.forgets is not None:
                        assert (now.at or 0) < leaf.flips < now.forgets


IDS = (
    "7",
    "77",
    "u-7",
    "u-7 ",
    "Käthe",
    "Ka\u0308the",
    'a"b',
    "a\\b",
    "7.0",
    "true",
    "😀",
    "é" * 256,
)
FORMS = ("plain", "plain", "plain", "escaped", "call", "envelope", "nameless", "twice")


def as_form(form: str, value: Any, number: int, ids: dict[str, str]) -> bytes:  # noqa: ANN401
    """The line in another form, or spoilt in a way that its outline does not show."""
    for key in ("user_id", "anonymous_id"):
        if value.get(key) in ids:
            value[key] = ids[value[key]]
    if form == "nameless":
        later = value["time"] + 90 * DAY if type(value.get("time")) is int else None
        return json.dumps({**value, "name": None, "time": later}).encode()
    if form == "envelope":
        value = {
            "specversion": "1.0",
            "id": f"c-{number}",
            "type": "x",
            "source": "x",
            "data": value,
        }
    if form == "call":
        value["messageId"] = value.pop("id")
        value["timestamp"] = value.pop("time")
        value |= {"type": "track", "event": value.pop("name"), "userId": value.pop("user_id", None)}
        value["anonymousId"] = value.pop("anonymous_id", None)
    text = json.dumps(value, ensure_ascii=form == "escaped")
    if form == "twice":
        text = '{"user_id": "7", "time": 1795323600000, ' + text[1:]
    return text.encode(errors="surrogatepass")  # so that half a pair is still no text


@st.composite
def odd_cases(draw: Draw) -> tuple[str, list[bytes]]:
    """Rules, and a history whose customers have odd ids and whose lines come in all forms."""
    documents = draw(rule_documents())
    ids = dict(zip(("c1", "c2", "c3"), draw(st.permutations(IDS)), strict=False))
    lines = []
    for number, each in enumerate(draw(histories(documents))):
        try:
            value = json.loads(each)
        except ValueError:
            value = None
        usual = isinstance(value, dict) and {"id", "time", "name"} <= value.keys()
        form = draw(st.sampled_from(FORMS))
        lines.append(as_form(form, value, number, ids) if usual else each)
    return documents_to_yaml(documents), lines


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(odd_cases(), st.sampled_from([None, 0, 3 * DAY]), st.sampled_from([1, 3, 2_000]))
def test_with_outlines_it_says_the_same(
    case: tuple[str, list[bytes]], at: Millis | None, unsettled: int
) -> None:
    text, lines = case
    rules = compiled(text)
    instant = None if at is None else START + at
    with patch.object(following, "_MOST_UNSETTLED", unsettled):
        for customer in [*sorted(customers(lines)), "u-77"]:
            quickly = EventReading(log_of(lines), decode, outline=outline)
            slowly = EventReading(log_of(lines), decode)
            found = explain(rules, quickly, customer, at=instant)
            expected = explain(rules, slowly, customer, at=instant)
            assert found.unreadable <= expected.unreadable  # others' lines are not read in full
            seen = replace(found, unreadable=expected.unreadable, reasons=expected.reasons)
            assert as_json(seen) == as_json(expected)
            assert (found.occurs, set(found.nearest)) == (expected.occurs, set(expected.nearest))


@given(st.data())
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_customers_explained_together_are_explained_as_each_alone(data: st.DataObject) -> None:
    rules = compiled(CART + "---" + LADDER)
    times = data.draw(st.lists(st.integers(0, 2 * DAY), min_size=1, max_size=8))
    lines = [
        line(number, at, "product_added", f"u-{number % 2}", appended=START + at + number)
        for number, at in enumerate(sorted(times))
    ]
    together = explain_all(rules, reading_of(lines), ["u-0", "u-1"])
    for customer, found in together.items():
        assert_alike(found, explain(rules, reading_of(lines), customer))


def assert_alike(one: Explanation, other: Explanation) -> None:
    """Compare all that an explanation says; `nearest` depends on who else is explained."""
    assert replace(one, nearest=()) == replace(other, nearest=())


JOINED = f"""
ruleset: shop
identity: {{anonymous: last}}
---{CART}"""


def joined_lines() -> list[bytes]:
    """A visitor becomes a user, whose events the device's then are, until another one logs in."""
    moments = (
        (0, "product_added", "", "a-1"),
        (10, "identified", "u-1", "a-1"),
        (11, "product_added", "", "a-1"),
        (20, "identified", "u-2", "a-1"),
    )
    return [
        line(number, minute * MINUTE, name, user, anonymous_id=anonymous)
        for number, (minute, name, user, anonymous) in enumerate(moments)
    ]


def test_the_story_of_a_user_names_the_visitor() -> None:
    found = explained(JOINED, joined_lines(), 60 * MINUTE)
    (link,) = found.links
    assert (link.customer, link.since.id) == ("a-1", "e-1")
    assert link.until is not None
    assert link.until.id == "e-3"
    assert found.events == 3  # the visitor's, too
    (view,) = found.segments
    assert view.membership == "cart_abandoner"
    text = as_text(found)
    assert "one person with a-1 since 2026-01-01 00:10:00, by identified (e-1), until" in text
    assert json.loads(as_json(found))["links"][0]["customer_id"] == "a-1"


def test_the_story_of_a_visitor_names_the_users() -> None:
    found = explained(JOINED, joined_lines(), 60 * MINUTE, customer="a-1")
    assert [one.customer for one in found.users] == ["u-1", "u-2"]
    assert found.segments == ()
    assert "what is known of this id is the user's: explain u-2" in as_text(found)


def test_joined_customers_are_explained_as_they_are_replayed() -> None:
    lines = joined_lines()
    rules = compiled(JOINED)
    sink = MemorySink()
    replay(rules, log_of(lines), decode, sink, until=START + 60 * MINUTE)
    (change,) = sink.changes
    (view,) = explained(JOINED, lines, 60 * MINUTE).segments
    assert view.last is not None
    assert view.last.change == change


def test_a_profile_alone_says_why_not_and_until_when() -> None:
    """What a service knows that has the stored profile and no log."""
    rules = compiled(CART)
    shopper = decide(rules, None, decode(Record(0, 0, line(1, 0, "product_added")))).profile
    assert shopper is not None
    (view,) = explain_profile(rules, shopper, START + MINUTE)
    assert (view.membership, view.last) == (None, None)
    assert view.next is not None
    assert view.next.change.at == START + 30 * MINUTE
    condition = view.tiers[0].condition
    assert condition is not None
    (quiet,) = condition.blockers()
    assert (quiet.text, quiet.truth) == ("quiet 30m", Truth(holds=False, since=None, event=None))
    assert quiet.flips == START + 30 * MINUTE
    assert explain_profile(rules, shopper, START + 401 * DAY) == ()
    assert shopper.clock == START
