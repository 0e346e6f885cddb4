"""The verdicts of `streamer test` for machines: JSON, annotations of GitHub, JUnit's XML."""

import re
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

import orjson

from streamer.app.scenario import ScenarioVerdict, render
from streamer.cli.check import escaped

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_json(verdicts: Sequence[ScenarioVerdict], untested: Sequence[str]) -> str:
    """Return all tests with their places, and for each that failed its story."""
    tests = [
        {
            "rule": verdict.case.document,
            "name": verdict.case.name,
            "outcome": _outcome(verdict),
            "file": verdict.case.file,
            "line": verdict.case.line,
            "column": verdict.case.column,
            "story": [] if verdict.passed else render(verdict).split("\n")[1:],
        }
        for verdict in verdicts
    ]
    facts = {
        "ok": all(verdict.passed for verdict in verdicts),
        "tests": tests,
        "without_a_test": list(untested),
    }
    return orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode()


def as_annotations(verdicts: Sequence[ScenarioVerdict]) -> str:
    """Return a workflow command of GitHub for each test that failed."""
    return "\n".join(
        f"::error file={escaped(one.case.file, ',:')},line={one.case.line},col={one.case.column}"
        f"::{escaped(render(one))}"
        for one in verdicts
        if not one.passed
    )


def as_junit(verdicts: Sequence[ScenarioVerdict]) -> str:
    """Return a test suite as JUnit writes it, which most build servers show."""
    failed = sum(not verdict.passed for verdict in verdicts)
    skipped = sum(verdict.skipped for verdict in verdicts)
    counts = (
        f'name="streamer" tests="{len(verdicts)}" failures="{failed}" errors="0" '
        f'skipped="{skipped}"'
    )
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f"<testsuite {counts}>",
            *map(_testcase, verdicts),
            "</testsuite>",
        ]
    )


def _testcase(verdict: ScenarioVerdict) -> str:
    case = verdict.case
    head = (
        f"  <testcase classname={_attribute(case.document)} name={_attribute(case.name)} "
        f"file={_attribute(case.file)} line={_attribute(str(case.line))}"
    )
    if verdict.skipped:
        return f"{head}><skipped/></testcase>"
    if verdict.passed:
        return f"{head}/>"
    said, story = "the changes are not those expected", _xml(render(verdict))
    return f"{head}><failure message={_attribute(said)}>{escape(story)}</failure></testcase>"


def _outcome(verdict: ScenarioVerdict) -> str:
    return "skipped" if verdict.skipped else "passed" if verdict.passed else "failed"


def _attribute(text: str) -> str:
    return quoteattr(_xml(text))


def _xml(text: str) -> str:
    """Return the text without the characters that no XML may hold."""
    return _NOT_XML.sub("\ufffd", text)
