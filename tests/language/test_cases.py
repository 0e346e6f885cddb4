"""Tests in rule files: what they read as, and their errors."""

from dataclasses import replace

import pytest

from streamer.instants import parse_iso
from streamer.language import Expected, TestCase, read_rules_text
from streamer.types import DAY, HOUR, MINUTE, Event
from tests.language.marked import check

HEAD = "segment: a\npurpose: p\nwhen: {quiet: 1d}\ntests:\n"
LADDER = (
    "---\nladder: l\npurpose: p\ntiers: [{low: {quiet: 1d}}, {high: otherwise}]\n"
    "---\nladder: m\npurpose: p\ntiers: [{rest: otherwise}]\n"
)
START = parse_iso("2026-01-01T00:00:00Z")


def cases(text: str) -> tuple[TestCase, ...]:
    return read_rules_text(text).tests


def test_a_test() -> None:
    text = f"""{HEAD}
  - name: one day
    given:
      - {{at: 0s, event: product_added, product_id: shoe-1, price: 59.9, gone: null}}
      - {{at: 5m, event: identified, id: x, traits: {{country: DE, tags: [a, {{b: 1}}]}}}}
      - {{at: 2m, event: order_completed, products: [{{product_id: 5}}], nested: {{deep: true}}}}
    expect:
      - {{at: 1d, enters: a}}
      - {{at: 25h, exits: a}}
"""
    one = {"product_id": "shoe-1", "price": 59.9, "gone": None}
    three = {"nested": {"deep": True}, "products": [{"product_id": 5}]}
    traits = {"country": "DE", "tags": ["a", {"b": 1}]}
    assert cases(text) == (
        TestCase(
            document="a",
            name="one day",
            start=START,
            until=START + 25 * HOUR + DAY,
            events=(
                Event("given-1", "product_added", "customer", START, one),
                Event("x", "identified", "customer", START + 5 * MINUTE, {}, traits),
                Event("given-3", "order_completed", "customer", START + 2 * MINUTE, three),
            ),
            expect=(
                Expected(START + DAY, "enters", "a"),
                Expected(START + 25 * HOUR, "exits", "a"),
            ),
            file="rules.yaml",
            line=6,
            column=5,
        ),
    )


ONE = "given: [{at: 0s, event: product_viewed}]"


@pytest.mark.parametrize(
    ("zone", "start", "at"),
    [
        ("UTC", None, "2026-01-01T00:00:00Z"),
        ("Europe/Berlin", None, "2025-12-31T23:00:00Z"),
        ("Europe/Berlin", "2026-07-01", "2026-06-30T22:00:00Z"),
        ("Europe/Berlin", "2026-07-01T12:30", "2026-07-01T10:30:00Z"),
        ("Europe/Berlin", "2026-07-01 12:30:15.250", "2026-07-01T10:30:15.250Z"),
        ("Europe/Berlin", "2026-07-01T12:30Z", "2026-07-01T12:30:00Z"),
        ("America/New_York", "2026-07-01T12:30+02:00", "2026-07-01T10:30:00Z"),
    ],
)
def test_a_test_starts_in_the_zone_of_the_rule_set(zone: str, start: str | None, at: str) -> None:
    stated = "" if start is None else f"start: {start}, "
    text = f"ruleset: r\nzone: {zone}\n---\n{HEAD}  - {{name: n, {stated}{ONE}, expect: []}}\n"
    (case,) = cases(text)
    assert case.start == parse_iso(at)
    assert case.events[0].time == case.start
    assert case.until == case.start + DAY


def test_a_test_ends_where_it_says() -> None:
    (case,) = cases(f"{HEAD}  - {{name: n, {ONE}, expect: [], until: 400d}}\n")
    assert case.until == START + 400 * DAY


@pytest.mark.parametrize(
    ("change", "read"),
    [
        ("moves: l, to: low", Expected(START, "moves", "l", "low")),
        ("moves: l, to: none", Expected(START, "moves", "l", None)),
        ("moves: l, to: null", Expected(START, "moves", "l", None)),
        ("moves: l, to: ", Expected(START, "moves", "l", None)),
        ("moves: m, to: none", Expected(START, "moves", "m", None)),
        ("enters: l.high", Expected(START, "enters", "l.high")),
        ("exits: m.rest", Expected(START, "exits", "m.rest")),
    ],
)
def test_changes_of_ladders(change: str, read: Expected) -> None:
    (case,) = cases(f"{HEAD}  - {{name: n, {ONE}, expect: [{{at: 0s, {change}}}]}}\n{LADDER}")
    assert case.expect == (read,)


def test_a_rule_that_is_not_evaluated_keeps_its_tests() -> None:
    text = f"{HEAD}  - {{name: n, {ONE}, expect: [{{at: 1d, enters: a}}]}}\n"
    (case,) = cases(f"{text}settings: {{enabled: false}}\n")
    assert (
        replace(case, expect=()) == cases(f"{HEAD}  - {{name: n, {ONE}, expect: [], until: 2d}}")[0]
    )


DURATION = "expected a duration such as 30m, 24h or 7d, found "
GIVEN = "expected a list of events such as [{at: 0s, event: product_added, product_id: shoe-1}], "
NOT_SEVERAL = "contradict each other: write each change as an item of its own"
START_TIME = "expected a time from 1990 to 2100 such as 2026-02-07 or 2026-02-07T09:30, found "

ERRORS: dict[str, tuple[str, ...]] = {
    "no list": (
        "tests: ¦{name: n}",
        'expected a list of tests, found a mapping: put it in [ ], or begin each item with "- "',
    ),
    "nothing": ("¦tests:", "expected a list of tests, found nothing"),
    "no facts": (
        "tests: [¦{name: n}]",
        '"given" is missing in a test',
        '"expect" is missing in a test',
    ),
    "nothing given": (
        "tests: [{name: n, given: ¦[], expect: []}]",
        f"{GIVEN}found an empty list",
    ),
    "an unknown key": (
        f"tests: [{{name: n, {ONE}, ¦expected: [], expect: []}}]",
        'unknown key "expected" in a test: did you mean "expect"?',
    ),
    "an event without time": (
        "tests: [{name: n, given: [¦{event: product_viewed}], expect: []}]",
        '"at" is missing in a given event',
    ),
    "an unknown event": (
        "tests: [{name: n, given: [{at: 0s, event: ¦product_veiwed}], expect: []}]",
        'unknown event "product_veiwed": did you mean "product_viewed"?',
    ),
    "any event": (
        "tests: [{name: n, given: [{at: 0s, event: ¦any}], expect: []}]",
        "any stands for every event and cannot be one of several",
    ),
    "a time in numbers": (
        "tests: [{name: n, given: [{at: ¦5, event: product_viewed}], expect: []}]",
        f"{DURATION}the number 5: write 5d for days, or 5h for hours",
    ),
    "a time before the start": (
        "tests: [{name: n, given: [{at: ¦-5m, event: product_viewed}], expect: []}]",
        f'{DURATION}the text "-5m"',
    ),
    "an id with a line end": (
        'tests: [{name: n, given: [{at: 0s, event: product_viewed, id: ¦"a\\nb"}], expect: []}]',
        "an id has at most 256 characters, none of them a control character",
    ),
    "traits in a list": (
        "tests: [{name: n, given: [{at: 0s, event: identified, traits: ¦[a]}], expect: []}]",
        "expected traits and their values, such as {country: DE}, found a list",
    ),
    "products that are none": (
        "tests: [{name: n, given: [{at: 0s, event: cart_viewed, products: [¦a]}], expect: []}]",
        'expected a product such as {product_id: shoe-1, price: 59.9}, found the text "a"',
    ),
    "a property without end": (
        "tests: [{name: n, given: [{at: 0s, event: cart_viewed, x: [1, ¦.inf]}], expect: []}]",
        '".inf" is no finite number',
    ),
    "an impossible start": (
        f"tests: [{{name: n, start: ¦2026-02-30, {ONE}, expect: []}}]",
        f'{START_TIME}the text "2026-02-30"',
    ),
    "a start before all events": (
        f"tests: [{{name: n, start: ¦1989-01-01, {ONE}, expect: []}}]",
        f'{START_TIME}the text "1989-01-01"',
    ),
    "a test beyond the times": (
        "tests: [{name: n, start: 2100-12-31, ¦given: [{at: 1d, event: cart_viewed}], expect: []}]",
        "the test goes on beyond the year 2100",
    ),
    "a change that is none": (
        f"tests: [{{name: n, {ONE}, expect: [¦{{at: 1d}}]}}]",
        'one of "enters", "exits" or "moves" is missing in an expected change',
    ),
    "two changes in one": (
        f"tests: [{{name: n, {ONE}, expect: [{{at: 1d, enters: a, ¦exits: a}}]}}]",
        f'"enters" and "exits" {NOT_SEVERAL}',
    ),
    "a move to nowhere": (
        f"tests: [{{name: n, {ONE}, expect: [{{at: 1d, ¦moves: l}}]}}]",
        '"moves" goes with "to": the tier that the customer moves to',
    ),
    "a move to infinity": (
        f"tests: [{{name: n, {ONE}, expect: [{{at: 1d, moves: l, to: ¦.inf}}]}}]",
        '".inf" is no finite number',
    ),
    "an entry to a tier": (
        f"tests: [{{name: n, {ONE}, expect: [{{at: 1d, enters: a, ¦to: b}}]}}]",
        '"enters" and "to" contradict each other: "to" goes with "moves"',
    ),
    "an unknown segment": (
        f"tests: [{{name: n, {ONE}, expect: [{{at: 1d, enters: ¦b}}]}}]",
        'unknown segment "b": no rule has this key',
    ),
    "a move on a segment": (
        f"tests: [{{name: n, {ONE}, expect: [{{at: 1d, moves: ¦a, to: none}}]}}]",
        '"a" is a segment and has no tiers',
    ),
    "a move on no ladder": (
        f"tests: [{{name: n, {ONE}, expect: [{{at: 1d, moves: ¦b, to: c}}]}}]",
        'unknown ladder "b": no rule has this key',
    ),
    "an end before the last change": (
        f"tests: [{{name: n, {ONE}, expect: [{{at: 2d, enters: a}}], until: ¦1d}}]",
        "until is before the last event or change, at 2d",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_error(case: str) -> None:
    marked, *messages = ERRORS[case]
    head = HEAD.removesuffix("tests:\n")
    if case == "no facts":
        marked = marked.replace("¦", "¦¦")
    check(f"{head}{marked}\n", *messages)
