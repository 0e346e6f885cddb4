"""Rules and alerts: their form, their metrics, their runbooks, and what promtool says of them."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ops import slo
from tests.conftest import need
from tests.ops.rules import ALERTS, FILES, FOLDER, KNOWN, RECORDS, ROOT, load, metrics_in
from tests.servers.machine import missing_for_prometheus, prometheus_program

RUNBOOKS = ROOT / "docs" / "runbooks"
TESTS = sorted((FOLDER / "tests").glob("*.yml"))
PARTS = ["## What it means", "## What to look at", "## What to do"]


def name(rule: dict[str, Any]) -> str:
    return str(rule.get("alert") or rule["record"])


def promtool(*words: str) -> None:
    need("Prometheus", missing_for_prometheus())
    done = subprocess.run(  # noqa: S603 (our own command)
        [str(prometheus_program("promtool")), *words],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_are_valid() -> None:
    promtool("check", "rules", *map(str, FILES))


def test_the_settings_are_valid() -> None:
    promtool("check", "config", str(FOLDER / "prometheus.yml"))


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_not_when_not(path: Path) -> None:
    promtool("test", "rules", str(path))


@pytest.mark.parametrize("alert", ALERTS, ids=name)
def test_an_alert_says_who_is_woken_by_what_and_where_to_read_on(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert alert["annotations"]["summary"].endswith(".")
    runbook = ROOT / alert["annotations"]["runbook_url"]
    text = runbook.read_text(encoding="utf-8")
    assert re.findall(r"^## .+$", text, re.MULTILINE) == PARTS
    assert f"`{alert['alert']}`" in text


def test_every_runbook_is_that_of_an_alert() -> None:
    named = {Path(alert["annotations"]["runbook_url"]).name for alert in ALERTS}
    assert {path.name for path in RUNBOOKS.glob("*.md")} == named | {"README.md"}


def test_the_list_of_runbooks_has_each() -> None:
    page = (RUNBOOKS / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[`(\w+)`\]\(([\w-]+\.md)\) \| (page|ticket) \|", page, re.MULTILINE)
    assert sorted(listed) == sorted(
        (
            alert["alert"],
            Path(alert["annotations"]["runbook_url"]).name,
            alert["labels"]["severity"],
        )
        for alert in ALERTS
    )


@pytest.mark.parametrize("alert", ALERTS, ids=name)
def test_an_alert_is_tested_both_ways(alert: dict[str, Any]) -> None:
    tests = [test for path in TESTS for test in load(path)["tests"]]
    cases = [case for test in tests for case in test.get("alert_rule_test", ())]
    fires = {bool(case["exp_alerts"]) for case in cases if case["alertname"] == alert["alert"]}
    assert True in fires
    assert False in fires or alert["alert"] == "StreamerProcessingAvailabilityBurnsTicket"


@pytest.mark.parametrize("rule", ALERTS + RECORDS, ids=name)
def test_a_rule_reads_metrics_that_there_are(rule: dict[str, Any]) -> None:
    read = set(metrics_in(rule["expr"]))
    assert read or rule["expr"].startswith("vector(")
    assert read <= KNOWN


@pytest.mark.parametrize("record", RECORDS, ids=name)
def test_a_record_is_named_by_level_metric_and_operation(record: dict[str, Any]) -> None:
    assert re.fullmatch(r"[a-z_]+:[a-z_]+:[a-z0-9_]+", record["record"])


def test_the_rules_of_the_objectives_are_those_that_the_script_writes(tmp_path: Path) -> None:
    written = tmp_path / "slo.yml"
    slo.main(written)
    assert written.read_text(encoding="utf-8") == (FOLDER / "rules" / "slo.yml").read_text("utf-8")
