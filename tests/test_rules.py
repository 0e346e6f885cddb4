"""The shipped rules: they are sound, their tests pass, and each is tested as it should be."""

import re
import shutil
from pathlib import Path

import pytest

from streamer.analysis.inventory import inventory
from streamer.app.inputs import Rules, compiled
from streamer.app.scenario import render, run_tests
from streamer.core.leaves.trait import Trait
from streamer.core.rules.compile import compile_rules, leaf_specs
from streamer.language import Declared, TestCase, read_rules

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "rules"
DECLARED = read_rules([FOLDER])
COMPILED = compile_rules(DECLARED.header, DECLARED.declarations)


def _tests_of(declared: Declared, key: str) -> list[TestCase]:
    return [test for test in declared.tests if test.document == key]


def test_nothing_is_to_be_said_against_them() -> None:
    assert DECLARED.warnings == ()


def test_every_test_in_the_files_passes() -> None:
    verdicts = run_tests(Rules(DECLARED, COMPILED))
    assert "\n".join(render(one) for one in verdicts if not one.passed) == ""
    assert not any(verdict.skipped for verdict in verdicts)


def test_a_model_of_ones_own_breaks_no_test(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "rules")
    for file in (tmp_path / "rules" / "predictive").glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        if re.search("^model:", text, re.MULTILINE):
            text = re.sub("^each: day", "each: event", text, flags=re.MULTILINE)
            text = re.sub("^unit: 7d", "unit: 1d", text, flags=re.MULTILINE)
            text = re.sub(r"(r|alpha|a|b|p|q|v): [\d.]+(?=[,}])", r"\1: 17.5", text)
            file.write_text(text, encoding="utf-8")
    verdicts = run_tests(compiled(read_rules([tmp_path / "rules"])))
    assert "\n".join(render(one) for one in verdicts if not one.passed) == ""


@pytest.mark.parametrize("key", [one.key for one in DECLARED.declarations])
def test_each_rule_is_tested_for_what_enters_it_and_for_what_must_not(key: str) -> None:
    tests = _tests_of(DECLARED, key)
    ladder = any(one.kind == "moves" for test in tests for one in test.expect)
    assert len(tests) >= 3
    assert any(test.expect for test in tests)
    assert ladder or any(not test.expect for test in tests)


def test_a_rule_is_found_by_its_kind_and_its_key() -> None:
    for key, place in DECLARED.places.items():
        file = Path(place.partition(":")[0])
        assert (file.stem, file.parent.parent) == (key, FOLDER)


def test_each_rule_has_an_owner() -> None:
    assert [one.key for one in DECLARED.declarations if one.settings.owner is None] == []


def test_who_takes_consent_back_is_out_at_once() -> None:
    for one in DECLARED.declarations:
        if any(isinstance(each, Trait) and "consent" in each.name for each in leaf_specs(one)):
            assert one.settings.min_dwell == 0, one.key


def test_a_mail_that_arrives_is_no_sign_of_life() -> None:
    for needs in inventory(Rules(DECLARED, COMPILED)).segments:
        assert "any" not in needs.events, needs.key


@pytest.mark.parametrize("file", sorted(FOLDER.rglob("*.yaml")), ids=lambda file: file.name)
def test_an_editor_finds_the_schema_from_the_first_line(file: Path) -> None:
    first = file.read_text(encoding="utf-8").splitlines()[0]
    prefix = "# yaml-language-server: $schema="
    assert first.startswith(prefix)
    assert (file.parent / first.removeprefix(prefix)).resolve() == (
        ROOT / "schemas" / "rules.schema.json"
    )
