"""`streamer test`: the tests in the rule files, told as stories where they fail."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.cli.shop import RULES, run, shop


def test_passing_tests_are_counted(tmp_path: Path) -> None:
    result = run("test", shop(tmp_path)[1])
    assert result.exit_code == 0
    assert "1 test: 1 passed" in result.output
    assert "without a test: engagement" in result.output


def test_a_failed_test_shows_what_was_expected_and_what_happened(tmp_path: Path) -> None:
    wrong = RULES.replace("at: 30m, enters", "at: 31m, enters")
    result = run("test", shop(tmp_path, rules=wrong)[1])
    assert result.exit_code == 1
    assert "FAILED  cart_abandoner: half an hour of silence" in result.output
    assert "missing" in result.output
    assert "unexpected" in result.output
    assert "1 test: 0 passed, 1 failed" in result.output


def test_quiet_shows_only_failures(tmp_path: Path) -> None:
    result = run("test", shop(tmp_path)[1], "--quiet")
    assert "half an hour" not in result.output


def test_an_error_in_a_rule_is_a_finding(tmp_path: Path) -> None:
    result = run("test", shop(tmp_path, rules="segment: 7")[1])
    assert result.exit_code == 1
    assert "shop.yaml:1:" in result.stderr


WRONG = RULES.replace("at: 30m, enters", "at: 31m, enters")


def test_the_outcome_as_json(tmp_path: Path) -> None:
    result = run("test", shop(tmp_path, rules=WRONG)[1], "--format", "json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["ok"], told["without_a_test"]) == (1, False, ["engagement"])
    (test,) = told["tests"]
    assert (test["rule"], test["outcome"]) == ("cart_abandoner", "failed")
    assert any("missing" in line for line in test["story"])


def test_the_outcome_as_annotations(tmp_path: Path) -> None:
    assert run("test", shop(tmp_path)[1], "--format", "github").stdout == ""
    result = run("test", shop(tmp_path, rules=WRONG)[1], "--format", "github")
    assert result.exit_code == 1
    assert result.stdout.startswith("::error file=")
    assert result.stdout.count("\n") == 1


def test_the_outcome_for_build_servers(tmp_path: Path) -> None:
    rules = WRONG.replace("half an hour of silence", "half <an> hour")
    suite = ET.fromstring(  # noqa: S314 (it is our own)
        run("test", shop(tmp_path, rules=rules)[1], "--format", "junit").stdout
    )
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("1", "1", "0")
    (case,) = suite
    assert (case.get("classname"), case.get("name")) == ("cart_abandoner", "half <an> hour")
    (failure,) = case
    assert "unexpected" in (failure.text or "")
