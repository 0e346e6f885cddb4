"""`streamer privacy`: what is kept, the rules that need it, why, and how long."""

import json
import re
from pathlib import Path

from tests.cli.shop import RULES, run, shop

PLACEHOLDER = RULES.replace("Speak to active customers often.", "TODO")


def test_each_datum_stands_with_the_rules_that_need_it_and_their_purposes(tmp_path: Path) -> None:
    result = run("privacy", shop(tmp_path)[1])
    assert result.exit_code == 0
    assert "- the customer's id\n" in result.output
    assert "until 400d after the last event" in result.output
    assert re.search(
        r"the last times of any\n"
        r"  counts for 1d; at most \d+ bytes\n"
        r"  cart_abandoner: Remind the customer of the cart\.\n"
        r"  engagement: Speak to active customers often\.\n",
        result.output,
    )


def test_json_is_for_programs(tmp_path: Path) -> None:
    facts = json.loads(run("privacy", shop(tmp_path)[1], "--format", "json").output)
    assert (facts["ok"], facts["findings"]) == (True, [])
    assert facts["retention_ms"] == 400 * 86_400_000
    (datum,) = (one for one in facts["data"] if "since" in one["what"])
    assert datum.pop("bytes") > 0
    assert datum == {
        "what": "the last times of order_completed since product_added",
        "values": [],
        "counts_for_ms": None,
        "rules": ["cart_abandoner"],
    }
    assert [rule["key"] for rule in facts["rules"]] == ["cart_abandoner", "engagement"]


def test_the_check_finds_what_is_kept_without_a_purpose(tmp_path: Path) -> None:
    _, rules = shop(tmp_path, rules=PLACEHOLDER)
    result = run("privacy", rules, "--check")
    assert result.exit_code == 1
    assert 'shop.yaml:19:9: the purpose of engagement, "TODO", is still to be' in result.output
    assert "1 rule without a purpose for what it keeps" in result.output
    result = run("privacy", rules, "--check", "--format", "json")
    assert (result.exit_code, json.loads(result.output)["ok"]) == (1, False)


def test_without_the_check_a_placeholder_is_shown_as_it_stands(tmp_path: Path) -> None:
    result = run("privacy", shop(tmp_path, rules=PLACEHOLDER)[1])
    assert result.exit_code == 0
    assert "  engagement: TODO\n" in result.output


def test_the_check_says_that_all_is_well(tmp_path: Path) -> None:
    result = run("privacy", shop(tmp_path)[1], "--check")
    assert result.exit_code == 0
    assert result.output == "3 data kept by 2 rules: each has its purpose\n"


def test_wrong_rules_are_findings(tmp_path: Path) -> None:
    result = run("privacy", shop(tmp_path, rules=RULES.replace("7d", "7q"))[1])
    assert result.exit_code == 1
    assert "shop.yaml:7:15: " in result.output


def test_rules_that_join_ids_say_that_these_are_kept(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    rules = tmp_path / "rules" / "shop.yaml"
    text = "segment: a\npurpose: Say what is kept.\nwhen: {performed: product_viewed, within: 1d}\n"
    rules.write_text(f"ruleset: shop\n---\n{text}")
    said = run("privacy", str(rules))
    assert said.exit_code == 0, said.output
    assert "anonymous ids" not in said.stdout
    rules.write_text(f"ruleset: shop\nidentity: {{anonymous: last}}\n---\n{text}")
    said = run("privacy", str(rules))
    assert "which anonymous ids are the customer's, at most 100" in said.stdout
    assert "a keyed hash of the id" in said.stdout
