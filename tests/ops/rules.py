"""The rules and alerts of `ops/prometheus` as data, and the names of metrics in expressions."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "ops" / "prometheus"
FILES: Final = sorted((FOLDER / "rules").glob("*.yml"))
SERVED_ELSEWHERE: Final = {"up"}
"""Metrics of Prometheus itself."""


def load(path: Path) -> Any:  # noqa: ANN401 (any YAML)
    """Return what a YAML file holds."""
    return YAML(typ="safe", pure=True).load(path)


def rules(kind: str) -> list[dict[str, Any]]:
    """Return the rules of a kind, `alert` or `record`, of all files."""
    groups = [group for path in FILES for group in load(path)["groups"]]
    return [rule for group in groups for rule in group["rules"] if kind in rule]


ALERTS: Final = rules("alert")
RECORDS: Final = rules("record")


def metrics_in(expression: str) -> Iterator[str]:
    """Yield the metrics that an expression reads: recorded, ours, the process's, and `up`."""
    bare = re.sub(r'"[^"]*"', "", expression)
    yield from re.findall(r"\b(?:\w+:\w+:\w+|(?:streamer|process)_\w+|up)\b", bare)


def exposed() -> set[str]:
    """Return the series of all metrics that `docs/metrics.md` lists."""
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    found = set()
    for name, kind in re.findall(r"^\| `(\w+)` \| (\w+) \|", page, re.MULTILINE):
        ends = ("_bucket", "_count", "_sum") if kind == "histogram" else ("",)
        found |= {name + end for end in ends}
    return found


KNOWN: Final = exposed() | {rule["record"] for rule in RECORDS} | SERVED_ELSEWHERE
