"""Replays of real shops agree with what is known of their data."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shop import RULES, read, run, shop

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
MAPPINGS = ROOT / "schemas" / "mappings"
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the data sets are not on this machine")


def replayed(folder: Path, data: str, mapping: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The summary of a replay under small rules, and the rejected lines."""
    _, rules = shop(folder, rules=RULES)
    rejected = folder / "rejected.jsonl"
    arguments = ["replay", str(DATA / data), "--map", str(MAPPINGS / mapping), "--rules", rules]
    result = run(*arguments, "--rejected", str(rejected), "--format", "json")
    assert result.exit_code == 0, result.output
    facts: dict[str, Any] = json.loads(result.stdout)
    return facts, read(rejected)


def test_rees46(tmp_path: Path) -> None:
    """The last line is cut: its customer, one of 4,505, occurs in no other line."""
    facts, rejected = replayed(tmp_path, "rees46/2019-Oct_head17k.csv", "rees46.yaml")
    assert (facts["lines"], facts["applied"], facts["customers"]) == (17_435, 17_434, 4_504)
    assert (facts["first"], facts["last"]) == (
        "2019-10-01T00:00:00.000Z",
        "2019-10-01T02:50:00.000Z",
    )
    (cut,) = rejected
    assert (cut["line"], cut["kind"]) == (17_436, "invalid")
    assert "user_session" in cut["reason"]


@pytest.mark.proof
def test_what_the_page_on_reports_says_of_a_real_shop(tmp_path: Path) -> None:
    """The commands and the table of docs/report.md, under "An example"."""
    page = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    _, example = page.split("### An example: a year of a real shop")
    made, reported = example.split("```text\n")[1].split("```")[0].splitlines()
    rules, data = tmp_path / "shop", DATA / "online_retail" / "online_retail_all.csv.gz"
    assert run(*made.replace(" shop ", f" {rules} ").split()[1:]).exit_code == 0
    words = reported.replace("--rules shop", f"--rules {rules}").split()[1:]
    asked = [str(data) if word == data.name else word for word in words]
    asked[asked.index("page.html")] = str(tmp_path / "page.html")
    result = run(*asked)
    assert result.exit_code == 0, result.output
    table = [line.split() for line in result.stdout.splitlines()]
    rows = [line for line in example.split("## A change of rules")[0].splitlines() if "| `" in line]
    assert len(rows) == 4
    for row in rows:
        told = [cell.strip(" `") for cell in row.strip("|").split("|")]
        assert " ".join(told).split() in table, row
    assert "sales: the share of 8,911,407.90 GBP" in result.stdout
    assert "4,372 customers, 51,953 segment changes" in result.stdout
    assert "alike: customer_value.top and vip share 94% of their customers" in result.stdout


def test_online_retail(tmp_path: Path) -> None:
    data = "online_retail/online_retail_all.csv.gz"
    facts, rejected = replayed(tmp_path, data, "online_retail.yaml")
    assert (facts["lines"], facts["customers"]) == (25_901, 4_372)
    assert (facts["applied"], facts["invalid"]) == (25_901 - 3_710, 3_710)
    assert (facts["first"], facts["last"]) == (
        "2010-12-01T08:26:00.000Z",
        "2011-12-09T12:50:00.000Z",
    )
    assert len(rejected) == 3_710
    assert all("no customer" in one["reason"] for one in rejected)
