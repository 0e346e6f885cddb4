"""What a marketer writes first: numbers, durations and days in another form, keys elsewhere."""

import pytest

from streamer.errors import Finding
from streamer.language import read_rules_text
from streamer.language.scalars import meant_day, meant_duration, meant_number
from tests.language.marked import check, found, rule

TOTAL = "{{total: price, of: any, where: {{currency: EUR}}, at_least: {}}}"
LADDER = "ladder: a\npurpose: p\n"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("3", "3"),
        ("500 EUR", "500"),
        ("EUR 500", "500"),
        ("500\u20ac", "500"),
        ("49,90", "49.90"),
        ("$1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1'000", "1000"),
        ("1 234 567", "1234567"),
        ("1,234,567", "1234567"),
        ("-5,00", "-5.00"),
        ("1,234", "1234 or 1.234"),
        ("1,234,50", None),
        ("many", None),
        ("2x", None),
    ],
)
def test_a_number_is_understood(written: str, meant: str | None) -> None:
    assert meant_number(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1h30m", "90m"),
        ("1d 12h", "36h"),
        ("1.5d", "36h"),
        ("0.5h", "30m"),
        ("48h0m", "2d"),
        ("1.5 fortnights", None),
        ("0.0d", None),
    ],
)
def test_a_duration_is_added_up(written: str, meant: str | None) -> None:
    assert meant_duration(written) == meant


def test_a_day_is_turned_round() -> None:
    assert meant_day("24.11.2026") == "2026-11-24"
    assert meant_day("11/24/2026") == "2026-MM-DD"  # or the other way round
    assert meant_day("tomorrow") is None


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (TOTAL.format("500 EUR"), ": write 500"),
        (TOTAL.format("1,000"), ": a number is written without a comma, such as 1000 or 49.90"),
        ('{performed: any, at_least: "3"}', ": write 3"),
        ("{performed: any, within: 1h30m}", ": write 90m"),
        (
            "{performed: any, where: {at.date: {at_least: 24.11.2026}}}",
            ": a date is written 2026-11-24",
        ),
        (
            "{trait: born, below: 2000-01-01}",
            "; dates have it in at.date, and traits with age, anniversary and date",
        ),
        ("{performed: any, since: 30d}", ": a duration goes with within: 30d"),
        (
            "{performed: any, since: 2026-01-01}",
            ": a day goes into where: {at.date: {at_least: 2026-01-01}}",
        ),
        ("{ago: order_completed, more_than: 30d}", ': did you mean "at_least"?'),
        (
            "{not_performed: any, at_least: 3}",
            ": a count goes with performed: fewer than 3 is {performed: …, at_most: 2}",
        ),
        (
            "{age: {trait: born}, at_most: 30}",
            ': write "below" with one more: at most 30 is below: 31',
        ),
        ("{all: {quiet: 1d}}", ', found a mapping: put it in [ ], or begin each item with "- "'),
        (
            "{ratio: {part: page_viewed, whole: {performed: any}}, at_least: 40%}",
            'expected a part such as {performed: order_completed}, found the text "page_viewed"',
        ),
        (
            "{season: christmas}",
            'expected season as {from: MM-DD, to: MM-DD}, found the text "christmas"',
        ),
    ],
)
def test_an_error_names_what_to_write(condition: str, said: str) -> None:
    ((_, _, message),) = found(rule(condition))
    assert message.endswith(said)


def test_a_ladder_has_tiers_and_a_segment_when() -> None:
    tiers = ": a ladder has tiers: write ladder in the place of segment"
    assert found("segment: a\npurpose: p\ntiers:\n  - b: {quiet: 1d}\n")[-1][2].endswith(tiers)
    when = ": a ladder has tiers, each with its condition; a segment has when"
    assert found(f"{LADDER}when: {{quiet: 1d}}\n")[-1][2].endswith(when)
    check(
        f"{LADDER}tiers:\n  - b: {{quiet: 1d}}\n  - c: ¦else\n",
        'expected a condition, or otherwise, found the text "else": write otherwise',
    )


def warnings(condition: str) -> list[Finding]:
    """Return the warnings of a rule with the condition."""
    return list(read_rules_text(rule(condition)).warnings)


@pytest.mark.parametrize(
    ("condition", "instead"),
    [
        ("{performed: any, where: {properties.price: 5}}", "write price"),
        (
            "{latest: products.name, of: any, is: a}",
            "write name, which is read from the products, too",
        ),
        ("{performed: any, where: {traits.city: Ulm}}", "ask for {trait: city, …}"),
        ("{trait: traits.city, is: Ulm}", "write city"),
        ("{trait: context.traits.city, is: Ulm}", "write city"),
    ],
)
def test_a_name_that_says_where_it_stands_is_warned_of(condition: str, instead: str) -> None:
    (warning,) = warnings(condition)
    assert warning.message.endswith(f": {instead}")
