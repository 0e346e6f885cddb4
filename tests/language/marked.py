"""Rule texts in which marks show where errors are expected."""

from streamer.errors import RuleErrors
from streamer.language import read_rules_text

MARK = "¦"


def found(text: str) -> list[tuple[int, int, str]]:
    """Return line, column and message of every error of the text."""
    try:
        read_rules_text(text)
    except RuleErrors as errors:
        return [
            (one.line, one.column, one.message)
            for one in errors.findings
            if one.severity == "error"
        ]
    return []


def expected(marked: str, *messages: str) -> list[tuple[int, int, str]]:
    """Return what `found` must give: one message for each mark, in their order."""
    places: list[tuple[int, int]] = []
    for number, line in enumerate(marked.split("\n"), 1):
        parts = line.split(MARK)[:-1]
        places.extend((number, len("".join(parts[: n + 1])) + 1) for n in range(len(parts)))
    assert len(places) == len(messages), "as many marks as messages"
    return [(*place, message) for place, message in zip(places, messages, strict=True)]


def check(marked: str, *messages: str) -> None:
    """Assert that the text without its marks has just these errors, at the marks."""
    assert found(marked.replace(MARK, "")) == expected(marked, *messages)


def rule(condition: str) -> str:
    """Return a segment with the condition."""
    return f"segment: a\npurpose: p\nwhen: {condition}\n"
