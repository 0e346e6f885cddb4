"""Dates in the tests of rules that cannot be what is meant."""

import pytest

from streamer.language import read_rules_text

RULE = """\
segment: birthday
purpose: To congratulate.
when: {{anniversary: {{trait: birth_date}}}}
tests:
  - name: a birthday
    given:
      - at: 0s
        event: identified
        traits: {{card: 2026-02-30, birth_date: {}}}
    expect: []
"""
BEFORE = (
    "birth_date is no date here, so that date, anniversary and age are false: expected an existing "
)


@pytest.mark.parametrize(
    ("written", "column", "message"),
    [
        ("2026-02-30", 48, BEFORE + 'day as YYYY-MM-DD, found the text "2026-02-30"'),
        ("20260228", 48, BEFORE + "day as YYYY-MM-DD, found the number 20260228"),
        ("[1990-01-01, x]", 61, BEFORE + 'day as YYYY-MM-DD, found the text "x"'),
        (
            "0001-01-01",
            48,
            "birth_date is in the year 1: it counts as it stands; is that meant?",
        ),
    ],
)
def test_a_told_value_that_is_no_date_is_warned_of(written: str, column: int, message: str) -> None:
    (warning,) = read_rules_text(RULE.format(written)).warnings
    assert (warning.line, warning.column, warning.message) == (9, column, message)


@pytest.mark.parametrize("written", ["1990-02-28", "null", "[1996-02-29, 1900-01-01]", "[]"])
def test_dates_and_removals_are_not_warned_of(written: str) -> None:
    assert read_rules_text(RULE.format(written)).warnings == ()


def test_a_trait_that_no_condition_takes_for_a_date_may_be_anything() -> None:
    text = RULE.replace("anniversary: {{trait: birth_date}}", "trait: birth_date, is: x")
    assert read_rules_text(text.format("2026-02-30")).warnings == ()
