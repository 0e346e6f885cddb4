"""`streamer check`: all errors at once, or what the rules remember."""

import json
from pathlib import Path

import pytest

from tests.cli.shop import RULES, run, shop

MIXED = """\
segment: big_spender
purpose: Invite good customers to the preview sale.
when: {total: price, of: order_completed, at_least: 150}
"""
WRONG = RULES.replace("product_added\n", "product_aded\n", 1).replace("quiet: 30m", "quiet: 30q")


def test_good_rules_say_what_they_remember_and_read(tmp_path: Path) -> None:
    result = run("check", shop(tmp_path)[1])
    assert result.exit_code == 0
    assert "cart_abandoner: Left something in the cart\n  remembers at most" in result.output
    assert "reads events any, order_completed, product_added" in result.output
    assert "2 segments, no errors" in result.output


def test_every_error_is_shown_with_its_line_and_the_nearest_word(tmp_path: Path) -> None:
    _, rules = shop(tmp_path, rules=WRONG)
    result = run("check", rules)
    assert result.exit_code == 1
    assert 'shop.yaml:6:18: unknown event "product_aded"' in result.output
    assert 'did you mean "product_added"?' in result.output
    assert "    - performed: product_aded\n" in result.output
    assert "shop.yaml:10:14: " in result.output
    assert "2 errors" in result.output


def test_json_is_for_programs(tmp_path: Path) -> None:
    result = run("check", shop(tmp_path)[1], "--format", "json")
    facts = json.loads(result.output)
    assert (result.exit_code, facts["ok"], facts["findings"]) == (0, True, [])
    assert [needs["key"] for needs in facts["segments"]] == ["cart_abandoner", "engagement"]


def test_json_holds_every_error(tmp_path: Path) -> None:
    result = run("check", shop(tmp_path, rules=WRONG)[1], "--format", "json")
    facts = json.loads(result.output)
    assert (result.exit_code, facts["ok"]) == (1, False)
    assert [finding["line"] for finding in facts["findings"]] == [6, 10]


def test_github_shows_errors_beside_the_code(tmp_path: Path) -> None:
    result = run("check", shop(tmp_path, rules=WRONG)[1], "--format", "github")
    assert result.exit_code == 1
    first, *_ = result.output.splitlines()
    assert first.startswith("::error file=")
    assert "shop.yaml,line=6,col=18::unknown event" in first


def test_github_has_nothing_to_say_of_good_rules(tmp_path: Path) -> None:
    result = run("check", shop(tmp_path)[1], "--format", "github")
    assert (result.exit_code, result.output) == (0, "")


def test_a_warning_stands_with_its_place_and_is_no_finding(tmp_path: Path) -> None:
    _, rules = shop(tmp_path, rules=MIXED)
    result = run("check", rules)
    assert result.exit_code == 0
    assert "shop.yaml:3:15: warning: price is money, and nothing says of which" in result.output
    assert "  when: {total: price, of: order_completed, at_least: 150}\n" in result.output
    assert "1 segment, no errors, 1 warning; " in result.output


def test_programs_are_told_how_severe_a_finding_is(tmp_path: Path) -> None:
    _, rules = shop(tmp_path, rules=MIXED)
    facts = json.loads(run("check", rules, "--format", "json").output)
    assert facts["ok"]
    assert [one["severity"] for one in facts["findings"]] == ["warning"]
    result = run("check", rules, "--format", "github")
    assert result.exit_code == 0
    assert result.output.startswith("::warning file=")
    assert "shop.yaml,line=3,col=15::price is money" in result.output


def test_the_program_says_what_rules_compile_to(tmp_path: Path) -> None:
    _, rules = shop(tmp_path)
    result = run("check", rules, "--program")
    program = json.loads(result.output)
    assert result.exit_code == 0
    assert [one["segment"] for one in program["segments"]] == ["cart_abandoner", "engagement"]
    (tier,) = program["segments"][0]["tiers"]
    asked = [program["leaves"][one["leaf"]] for one in tier["when"]["all"]]
    assert [one["asks"]["type"] for one in asked] == ["performed", "not_performed", "quiet"]
    cells = {cell["slot"]: cell for cell in program["cells"]}
    assert [cells[slot]["kind"] for one in asked for slot in one["cells"]] == [
        "times",
        "reset",
        "times",
    ]
    assert program["version"].startswith("sha256:")
    assert run("check", rules, "--program").output == result.output


def test_rules_with_errors_have_no_program(tmp_path: Path) -> None:
    result = run("check", shop(tmp_path, rules=WRONG)[1], "--program")
    assert result.exit_code == 1
    assert "2 errors" in result.output


def test_the_environment_names_the_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMER_RULES", shop(tmp_path)[1])
    assert run("check").exit_code == 0


def test_a_folder_without_rules_is_wrong_usage(tmp_path: Path) -> None:
    result = run("check", str(tmp_path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"Error: {tmp_path}: no *.yaml and no *.yml file in this folder; "
        "`streamer init` copies the shipped rules into a folder\n"
    )


def test_a_missing_file_is_wrong_usage(tmp_path: Path) -> None:
    result = run("check", str(tmp_path / "none.yaml"))
    assert result.exit_code == 2
    assert result.stderr.endswith("none.yaml: no such file or folder\n")


def test_a_mapping_is_checked_alone_and_beside_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    alone = run("check", "--map", "woocommerce")
    assert alone.exit_code == 0
    assert "order_completed" in alone.stdout.splitlines()[0]
    facts = json.loads(run("check", "--map", "woocommerce", "--format", "json").stdout)
    assert "order_id" in facts["properties"]
    rules = tmp_path / "rules.yaml"
    rules.write_text("segment: cart\npurpose: p\nwhen: {performed: product_added}\n")
    said = run("check", str(rules), "--map", "woocommerce").stdout
    assert "  cart: product_added is never made" in said.splitlines()
    assert "makes everything" in run("check", str(rules), "--map", "shopify_webhooks").stdout
    told = json.loads(run("check", str(rules), "--map", "woocommerce", "--format", "json").stdout)[
        "mapping"
    ]
    assert told["off"] == [{"membership": "cart", "why": "product_added is never made"}]
    assert told["visitors_apart"] is True
    apart = "keep them two customers: an order closes no cart of before the login"
    assert apart in run("check", str(rules), "--map", "shopify_webhooks").stdout
    rules.write_text("ruleset: shop\nidentity: {anonymous: last}\n---\n" + rules.read_text())
    assert apart not in run("check", str(rules), "--map", "shopify_webhooks").stdout
    wrong = tmp_path / "mapping.yaml"
    wrong.write_text("id: x\n")
    assert run("check", "--map", str(wrong)).exit_code != 0
