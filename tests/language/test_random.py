"""Whatever the text is, there are rules or errors with places, and nothing else."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from streamer.core.rules.compile import compile_rules
from streamer.errors import Finding, RuleErrors, UsageError
from streamer.language import read_rules, read_rules_text, render
from tests.language.written import rule_sets

PIECES = st.sampled_from(
    [
        *"\n\t :-[]{},#&*!|>'\"%@`?~",
        *("---\n", "...\n", "  ", ": ", "- ", "&a ", "*a", "!!str ", "<<: ", "? ", "{" * 40),
        *("\\ud800", "\\U00110000", "\u2028", "\ufeff", "é", "🛒", ".inf", "0d", "1e999999999"),
        *("segment: ", "when: ", "all: ", "tests: ", "%YAML 1.2\n"),
    ]
)


def findings(text: str) -> list[Finding]:
    """Return the errors of a text; nothing but errors with places may come of it."""
    try:
        read_rules_text(text)
    except UsageError:
        return []
    except RuleErrors as errors:
        return errors.findings
    return []


def judged(text: str) -> None:
    """Assert that the text is read, or refused with findings that can be shown."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for one in findings(text):
        assert 1 <= one.line <= len(lines)
        assert 1 <= one.column <= len(lines[one.line - 1]) + 1
        assert one.text == lines[one.line - 1]
        assert one.message.isprintable()
        assert render(one).startswith(f"rules.yaml:{one.line}:{one.column}: ")


@given(st.text())
@example("[" * 3000)
@example("- " * 3000)
@example("{a: " * 3000)
@example("'" + "\\" * 3000)
@example("? " * 3000)
@example("a: &x [*x, *x]")
@example('"\\U00110000"')
@example('"\\ud800": "\\ud800"')
@example("segment: !!binary 5")
@example("---\n" * 500)
@example("\r\ra: \r- b")
@settings(deadline=None, max_examples=200)
def test_any_text(text: str) -> None:
    judged(text)


@given(st.lists(PIECES, max_size=40).map("".join))
@settings(deadline=None, max_examples=200)
def test_pieces_of_yaml(text: str) -> None:
    judged(text)


@given(
    rule_sets(),
    st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 30), PIECES), min_size=1, max_size=4),
)
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_rules_with_something_broken(text: str, edits: list[tuple[int, int, str]]) -> None:
    for permille, cut, piece in edits:
        at = len(text) * permille // 1000
        text = text[:at] + piece + text[at + cut :]
    judged(text)


@given(rule_sets())
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
def test_rules_that_are_read_can_be_compiled(text: str) -> None:
    try:
        declared = read_rules_text(text)
    except RuleErrors:
        return
    rules = compile_rules(declared.header, declared.declarations)
    assert [segment.key for segment in rules.segments if segment.key == "own"] == [
        one.key for one in declared.declarations if one.key == "own" and one.settings.enabled
    ]


@given(st.binary())
@example(b"\xff\xfe")
@example(b"\xef\xbb\xbf")
@example(b"\x00")
@settings(deadline=None, max_examples=100)
def test_any_bytes(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rules.yaml"
        file.write_bytes(data)
        with pytest.raises((RuleErrors, UsageError)):
            read_rules([file])
