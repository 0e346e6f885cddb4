"""The page about the rule language: its reference is up to date, its examples are true."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from streamer.app.inputs import compiled
from streamer.app.scenario import run_tests
from streamer.errors import RuleErrors
from streamer.language import read_rules_text, render
from streamer.language.reference import BEGIN, written_into
from streamer.language.table import LEAVES
from tests.language.marked import rule

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "rule-language.md").read_text(encoding="utf-8")
PREDICTION = (DOCS / "prediction.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"(<!-- wrong -->\n)?^```(yaml|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(bool(wrong), kind, text) for wrong, kind, text in BLOCK.findall(PAGE)]
EXAMPLES = [text for wrong, kind, text in BLOCKS if kind == "yaml" and not wrong]
EXAMPLES += [text for _, kind, text in BLOCK.findall(PREDICTION) if kind == "yaml"]
OTHERS = (
    "\n---\nsegment: card_holder\npurpose: p\nwhen: {quiet: 1d}\n---\n"
    "ladder: engagement\npurpose: p\ntiers: [{active: {quiet: 1d}}]\n---\n"
    "model: alive\nkind: bg_nbd\npurchase: order_completed\nunit: 7d\n"
    "parameters: {r: 0.243, alpha: 4.414, a: 0.793, b: 2.426}\n"
)


def test_the_reference_is_up_to_date() -> None:
    assert written_into(PAGE) == PAGE


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_is_right(text: str) -> None:
    if re.search("^(segment|ladder):", text, re.MULTILINE) is None:
        condition = text if text.startswith("{") else "\n  " + text.replace("\n", "\n  ")
        text = rule(condition) + OTHERS
    declared = read_rules_text(text)
    assert declared.warnings == ()
    verdicts = run_tests(compiled(declared))
    assert all(verdict.passed for verdict in verdicts)


def test_examples_of_errors_show_what_is_said() -> None:
    shown = [(one[2], other[2]) for one, other in pairwise(BLOCKS) if one[0]]
    assert shown
    for text, said in shown:
        with pytest.raises(RuleErrors) as caught:
            read_rules_text(text)
        assert "\n".join(map(render, caught.value.findings)) + "\n" == said


def test_every_leaf_has_its_example_in_the_reference() -> None:
    reference = PAGE.partition(BEGIN)[2]
    for leaf in LEAVES.values():
        assert leaf.example in reference
        assert read_rules_text(rule(leaf.example) + OTHERS).warnings == ()
