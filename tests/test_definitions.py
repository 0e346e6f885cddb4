"""Definitions that marketers know from other tools: those that are said to be exact are."""

import re
from pathlib import Path

from streamer.app.inputs import load_rules
from streamer.app.scenario import render, run_tests

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "definitions.md").read_text(encoding="utf-8")
LOADED = load_rules([str(ROOT / "examples" / "definitions")])


def test_every_definition_has_a_test_of_who_enters_and_of_who_does_not() -> None:
    verdicts = run_tests(LOADED)
    assert "\n".join(render(one) for one in verdicts if not one.passed) == ""
    assert LOADED.declared.warnings == ()
    for one in LOADED.declared.declarations:
        expected = [bool(t.expect) for t in LOADED.declared.tests if t.document == one.key]
        assert True in expected, one.key
        # Who must not enter, or a second step that must not count.
        assert len(expected) > 1, one.key


def test_the_page_lists_them_all_and_counts_them() -> None:
    listed = re.findall(r"^\| (.+) \| \[`(\w+)`\]\(\.\./examples/definitions/", PAGE, re.MULTILINE)
    declared = [(one.title, one.key) for one in LOADED.declared.declarations]
    assert sorted(listed) == sorted(declared)
    not_said = PAGE.partition("## What cannot be said")[2].count("\n| ") - 1
    told = f"{len(listed) + not_said} definitions"
    assert told in PAGE
    assert f"{len(listed)} can be said exactly, {not_said} cannot" in PAGE
