"""Consent (25): who takes it back exits at once, and missing is no."""

import json

import pytest

from streamer.language import read_rules_text
from streamer.types import HOUR, MINUTE
from tests.engine import compiled, engine_run
from tests.language.marked import check
from tests.oracle import oracle_run
from tests.strategies import documents_to_yaml
from tests.strategies.words import Node

START = 1_767_225_600_000
HEADER: Node = {"ruleset": "shop", "consents": {"letters": {"trait": "letters", "is": True}}}
SETTINGS: Node = {"needs_consent": "letters", "min_dwell": "1h", "cooldown": "1d"}
VIEWED: Node = {
    "segment": "viewed",
    "purpose": "To be compared.",
    "when": {"performed": "product_viewed", "within": "2h"},
    "settings": SETTINGS,
}
LEVEL: Node = {
    "ladder": "level",
    "purpose": "To be compared.",
    "tiers": [{"high": {"performed": "product_viewed", "at_least": 2}}, {"low": "otherwise"}],
    "settings": {"needs_consent": "letters"},
}


def told(document: Node, *events: tuple[float, str, object]) -> list[tuple[float, str, str]]:
    """What is said, after the oracle has agreed; an event whose `letters` is None says nothing."""
    documents = [HEADER, document]
    lines = []
    for number, (minute, name, letters) in enumerate(events):
        traits = {} if letters is None else {"letters": letters}
        record = {"id": f"e{number}", "name": name, "user_id": "u", "traits": traits}
        lines.append(json.dumps({**record, "time": START + round(minute * MINUTE)}).encode())
    end = START + 3 * HOUR
    judged = oracle_run(documents, lines, end)
    assert engine_run(compiled(documents_to_yaml(documents)), lines, end).changes == judged.changes
    return [
        ((one["at"] - START) / MINUTE, one["direction"], one["segment"])
        for one in judged.changes.get("u", [])
    ]


def test_nobody_is_in_it_without_a_word() -> None:
    assert told(VIEWED, (0, "product_viewed", None)) == []


def test_who_takes_it_back_exits_at_once_whatever_min_dwell_says() -> None:
    events = ((0, "product_viewed", True), (1, "identified", False))
    assert told(VIEWED, *events) == [(0, "entered", "viewed"), (1, "exited", "viewed")]


def test_who_gives_it_again_enters_at_once_if_the_rest_holds() -> None:
    events = ((0, "product_viewed", True), (1, "identified", False), (2, "identified", True))
    assert told(VIEWED, *events) == [
        (0, "entered", "viewed"),
        (1, "exited", "viewed"),
        (2, "entered", "viewed"),
        (120, "exited", "viewed"),
    ]


def test_an_exit_for_another_reason_is_held_back_as_ever() -> None:
    events = ((0, "product_viewed", True), (121, "product_viewed", None))
    assert told(VIEWED, *events) == [(0, "entered", "viewed"), (120, "exited", "viewed")]


def test_a_ladder_is_left_altogether_also_by_otherwise() -> None:
    events = ((0, "identified", True), (1, "product_viewed", None), (2, "identified", None))
    assert told(LEVEL, *events, (3, "identified", "yes")) == [
        (0, "entered", "level.low"),
        (3, "exited", "level.low"),
    ]


def test_an_exit_says_that_the_consent_is_gone() -> None:
    rules = compiled(documents_to_yaml([HEADER, VIEWED]))
    assert [leaf.leaf.label for leaf in rules.segments[0].tiers[0].when.conditions] == [  # type: ignore[union-attr]
        "performed product_viewed at least 1 time within 2h",
        "trait letters is true",
    ]


HEAD = "ruleset: shop\nconsents: {letters: {trait: letters, is: true}}\n---\n"
BODY = "segment: a\npurpose: p\nwhen: {quiet: 1d}\n"


@pytest.mark.parametrize(
    ("marked", "message"),
    [
        (
            HEAD + BODY + "settings: {needs_consent: ¦leters}\n",
            'unknown consent "leters": did you mean "letters"?',
        ),
        (
            BODY + "settings: {needs_consent: ¦letters}\n",
            (
                'unknown consent "letters": the header declares consents, as in consents: '
                "{marketing: {trait: …}}"
            ),
        ),
        (
            "ruleset: shop\nconsents: {letters: ¦{quiet: 1d}}\n---\n" + BODY,
            "a consent is a trait, such as {trait: marketing_consent, is: true}",
        ),
        (
            "ruleset: shop\nconsents: ¦letters\n---\n" + BODY,
            (
                "expected consents such as {marketing: {trait: marketing_consent, is: true}}, "
                'found the text "letters"'
            ),
        ),
    ],
)
def test_errors(marked: str, message: str) -> None:
    check(marked, message)


def test_a_segment_for_marketing_that_needs_none_is_named() -> None:
    declared = read_rules_text(HEAD + BODY + "settings: {tags: [marketing]}\n")
    (warning,) = declared.warnings
    assert "tagged for marketing and needs no consent" in str(warning)
    needs = read_rules_text(HEAD + BODY + "settings: {tags: [marketing], needs_consent: letters}\n")
    assert needs.warnings == ()
