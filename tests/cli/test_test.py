"""`streamer test`: the tests in the rule files, told as stories where they fail."""

from pathlib import Path

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
