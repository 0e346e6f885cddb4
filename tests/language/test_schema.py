"""The JSON Schema: up to date, valid, and open to everything that the reader accepts."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings

from streamer.errors import RuleErrors
from streamer.language import read_rules_text
from streamer.language.nodes import (
    ListNode,
    LostNode,
    MappingNode,
    Node,
    ScalarNode,
    documents,
)
from streamer.language.scalars import resolve
from streamer.language.schema import rules_schema
from streamer.language.source import FindingReport, Source
from streamer.language.table import LEAVES
from tests.language import test_cases, test_conditions, test_documents, test_leaves
from tests.language.marked import MARK, rule
from tests.language.written import rule_sets

VALIDATOR = jsonschema_rs.Draft202012Validator(rules_schema())
PAGE = Path(__file__).parents[2] / "docs" / "rule-language.md"

ONLY_THE_READER = re.compile(
    # what needs the rest of the rule set, or more than one key
    "unknown event|longer than the retention|must be below within|stands inside|"
    "at most 4 decimal places, found the number|at most 36500d|"
    "is no finite number|so many digits|stands on line|unknown segment|unknown tier|"
    "is a ladder|is a segment|not evaluated|circle|never reached|has it already|one header|"
    "time zone|max_lateness|duplicate tier|until is before|unknown ladder|goes on beyond|"
    "a season has a year|a season with years|2026-02-29|goes with"
)


def plain(node: Node) -> Any:  # noqa: ANN401 (any JSON value)
    """Return the JSON value that an editor sees."""
    match node:
        case MappingNode():
            return {name: plain(entry.value) for name, entry in node.entries.items()}
        case ListNode():
            return [plain(item) for item in node.items]
        case ScalarNode():
            value = resolve(node)
            return float(value) if isinstance(value, Decimal) else value
        case LostNode():
            raise AssertionError(node)


def values(text: str) -> Iterator[Any]:
    """Yield the JSON values of the documents of a text."""
    for root in documents(Source("rules.yaml", text), FindingReport()):
        if not (isinstance(root, ScalarNode) and not root.text):
            yield plain(root)


def accepts(text: str) -> bool:
    return all(VALIDATOR.is_valid(value) for value in values(text))


def test_the_schema_is_one() -> None:
    jsonschema_rs.meta.validate(rules_schema())


def references(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from (value for key, value in schema.items() if key == "$ref")
        for value in schema.values():
            yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)


def test_every_definition_is_there_and_used() -> None:
    schema = rules_schema()
    assert {name.removeprefix("#/$defs/") for name in references(schema)} == set(schema["$defs"])


def described(schema: object) -> Iterator[tuple[str, str | None]]:
    if isinstance(schema, dict):
        for key, value in schema.get("properties", {}).items():
            yield key, value.get("markdownDescription")
            yield from described(value)
        for key, value in schema.items():
            if key not in {"properties", "if", "then", "else"}:
                yield from described(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from described(value)


def test_every_key_has_a_hover_text() -> None:
    assert [key for key, text in described(rules_schema()) if not text] == []


@pytest.mark.parametrize("condition", test_leaves.LEAVES)
def test_every_leaf_is_accepted(condition: str) -> None:
    assert accepts(rule(condition))


@pytest.mark.parametrize("where", test_leaves.CLAUSES)
def test_every_where_is_accepted(where: str) -> None:
    assert accepts(rule(f"{{performed: any, where: {where}}}"))


@pytest.mark.parametrize("leaf", LEAVES)
def test_every_example_is_accepted(leaf: str) -> None:
    assert accepts(rule(LEAVES[leaf].example))


CONDITION_ERRORS = {
    case: rule(marked)
    for case, (marked, message) in test_conditions.ERRORS.items()
    if not ONLY_THE_READER.search(message)
}
DOCUMENT_ERRORS = {
    case: marked
    for case, (marked, *messages) in test_documents.ERRORS.items()
    if not any(map(ONLY_THE_READER.search, messages))
}
CASE_ERRORS = {
    case: f"{test_documents.SEGMENT}{marked}\n"
    for case, (marked, *messages) in test_cases.ERRORS.items()
    if not any(map(ONLY_THE_READER.search, messages))
}
COMMON_ERRORS = CONDITION_ERRORS | DOCUMENT_ERRORS | CASE_ERRORS


@pytest.mark.parametrize(
    "condition",
    [
        "{performed: any, where: {at.weekday: mo}}",
        "{performed: any, where: {at.weekday: {at_least: monday}}}",
        "{performed: any, where: {at.hour: 24}}",
        "{performed: any, where: {at.hour: {in: [9, 25]}}}",
        "{performed: any, where: {at.hour: {at_least: 24}}}",
        "{performed: any, where: {at.month: 0}}",
        "{performed: any, where: {at.date: 2026-13-01}}",
        "{performed: any, where: {at.date: {above: 20261127}}}",
        "{performed: order_completed, without: order_cancelled}",
        "{latest: price, of: order_completed, is: cheap}",
        "{latest: rating, of: product_reviewed, contains: five}",
        "{first: product_id, of: order_completed, in: [7]}",
        "{first: product_id, of: order_completed, above: 7}",
        "{latest: at.weekday, of: order_completed, is: mo}",
        "{favours: at.hour, of: order_completed, is: 24}",
        "{total: price, of: any, without: order_cancelled, at_least: 3}",
        "{ratio: {part: {performed: any, without: paid}, whole: {performed: any}}, at_least: 1}",
    ],
)
def test_what_no_event_can_have_is_refused(condition: str) -> None:
    with pytest.raises(RuleErrors):
        read_rules_text(rule(condition))
    assert not accepts(rule(condition))


def test_a_model_of_an_endless_average_is_refused() -> None:
    model = "model: m\nkind: gamma_gamma\npurchase: order_completed\nvalue: revenue\n"
    assert accepts(f"{model}parameters: {{p: 1, q: 1.5, v: 3}}\n")
    assert not accepts(f"{model}parameters: {{p: 1, q: 1, v: 3}}\n")


def test_most_errors_are_of_the_schema() -> None:
    assert len(COMMON_ERRORS) > 120


@pytest.mark.parametrize("case", COMMON_ERRORS)
def test_common_errors_are_refused(case: str) -> None:
    assert not accepts(COMMON_ERRORS[case].replace(MARK, ""))


@given(rule_sets())
@settings(deadline=None, max_examples=100)
def test_what_the_reader_accepts_the_schema_accepts(text: str) -> None:
    try:
        read_rules_text(text)
    except RuleErrors:
        return
    assert accepts(text)
