"""The dashboards keep the rules of Grafana's dashboard-linter, and a dozen things that we promise.

The names of the tests say the linter's name of a rule where there is one.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops import dashboards
from tests.ops.rules import KNOWN, ROOT, metrics_in

FOLDER = ROOT / "ops" / "grafana" / "dashboards"
PROVISIONED = ROOT / "ops" / "grafana" / "provisioning"
BOARDS = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}
UNITS = {"short", "s", "percentunit", "cps", "reqps", "bytes", "dateTimeAsIso"}
KINDS = {"row", "stat", "timeseries", "heatmap", "table"}
COUNTED = ("rate(", "increase(")
OF_PROMETHEUS = {"ALERTS"}


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def targets() -> Iterator[tuple[str, str, str]]:
    """Yield every expression with its board and panel."""
    for name, board in BOARDS.items():
        for panel in panels(board):
            for target in panel["targets"]:
                yield name, panel["title"], target["expr"]


TARGETS = list(targets())
each_board = pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
each_target = pytest.mark.parametrize(("name", "panel", "expr"), TARGETS)


def test_the_files_are_those_that_the_script_writes(tmp_path: Path) -> None:
    dashboards.main(tmp_path)
    written = {path.stem: json.loads(path.read_text("utf-8")) for path in tmp_path.glob("*.json")}
    assert written == BOARDS
    assert len(BOARDS) == 3


@each_board
def test_template_datasource_rule(board: dict[str, Any]) -> None:
    source = board["templating"]["list"][0]
    assert (source["name"], source["type"], source["query"]) == (
        "datasource",
        "datasource",
        "prometheus",
    )


@each_board
def test_template_job_and_instance_rules(board: dict[str, Any]) -> None:
    chosen = {one["name"]: one for one in board["templating"]["list"][1:]}
    assert "job" in chosen
    assert ("instance" in chosen) == (board["uid"] == "streamer-process")
    for one in chosen.values():
        assert one["datasource"]["uid"] == "${datasource}"
        assert one["multi"] is True
        assert one["allValue"] == ".+"
        assert re.match(r"label_values\(", one["query"]["query"])
        assert set(metrics_in(one["query"]["query"])) <= KNOWN


@each_board
def test_template_on_time_change_reload_rule(board: dict[str, Any]) -> None:
    assert all(one["refresh"] == 2 for one in board["templating"]["list"][1:])


@each_board
def test_uneditable_dashboard_rule(board: dict[str, Any]) -> None:
    assert board["editable"] is False


@each_board
def test_panel_datasource_rule(board: dict[str, Any]) -> None:
    for panel in panels(board):
        for one in [panel, *panel["targets"]]:
            assert one["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


@each_board
def test_panel_title_description_rule(board: dict[str, Any]) -> None:
    for panel in panels(board):
        assert panel["title"]
        assert panel["description"].endswith(".")


@each_board
def test_panel_units_rule(board: dict[str, Any]) -> None:
    assert {panel["fieldConfig"]["defaults"]["unit"] for panel in panels(board)} <= UNITS


@each_board
def test_panel_no_targets_rule(board: dict[str, Any]) -> None:
    for panel in panels(board):
        names = [target["refId"] for target in panel["targets"]]
        assert names
        assert len(names) == len(set(names))


@each_target
def test_target_job_rule(name: str, panel: str, expr: str) -> None:  # noqa: ARG001 (of the case)
    for selector in re.findall(r"\{([^}]*)\}", expr):
        assert 'job=~"$job"' in selector or 'job=~".+"' in selector or "alertname" in selector


@each_target
def test_target_instance_rule(name: str, panel: str, expr: str) -> None:  # noqa: ARG001 (the same)
    if name == "streamer-process":
        selectors = re.findall(r"\{([^}]*)\}", expr)
        assert all('instance=~"$instance"' in selector for selector in selectors)


@each_target
def test_target_counter_agg_rule(name: str, panel: str, expr: str) -> None:  # noqa: ARG001 (the same)
    for found in re.finditer(r"\b\w+_(?:total|bucket|count)\{", expr):
        assert expr[: found.start()].endswith(COUNTED)


@each_target
def test_target_rate_interval_rule(name: str, panel: str, expr: str) -> None:  # noqa: ARG001 (the same)
    windows = re.findall(r"(\w+)\([^()]*\[([^]]+)\]", expr)
    for function, window in windows:
        assert window == "$__rate_interval" or (function, window) in {
            ("increase", "1h"),
            ("increase", "24h"),
        }


@each_target
def test_a_panel_reads_metrics_that_there_are(name: str, panel: str, expr: str) -> None:  # noqa: ARG001 (the same)
    read = set(metrics_in(expr)) | {word for word in OF_PROMETHEUS if word in expr}
    assert read
    assert read <= KNOWN | OF_PROMETHEUS


@each_board
def test_panels_are_of_known_kinds_and_do_not_lie_on_each_other(board: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        assert panel["type"] in KINDS
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (place["x"] + across, place["y"] + down)
            for across in range(place["w"])
            for down in range(place["h"])
        }
        assert not cells & taken
        taken |= cells
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(numbers) == len(set(numbers))


def test_titles_of_panels_are_told_apart() -> None:
    for board in BOARDS.values():
        titles = [panel["title"] for panel in panels(board)]
        assert len(titles) == len(set(titles))


def test_what_is_provisioned_is_there() -> None:
    sources = (PROVISIONED / "datasources" / "prometheus.yml").read_text("utf-8")
    assert "http://prometheus:9090" in sources
    boards = (PROVISIONED / "dashboards" / "streamer.yml").read_text("utf-8")
    assert "path: /etc/grafana/dashboards" in boards
