"""Write the rules of the objectives: ``python -m ops.slo ops/prometheus/rules/slo.yml``.

The rules are those of sloth (its names, windows and factors), which takes them from Google's
workbook of site reliability (Alerting on SLOs, the sixth way): a burn rate is an error ratio
divided by the error budget, and an alert needs it over a long window and over a short one, so that
it fires soon and ends soon. All is kept by `job`, so that several groups can run under one
Prometheus.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

DAYS: Final = 30
"""The period of an objective."""
WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")
BURNS: Final = {
    "page": ((14.4, "5m", "1h"), (6, "30m", "6h")),
    "ticket": ((3, "2h", "1d"), (1, "6h", "3d")),
}
"""For each severity: the burn rate, and the short and the long window in which it is reached."""
HEAD: Final = "Written by ops/slo.py: change that, and write this again."


@dataclass(frozen=True)
class Objective:
    """A service level objective: `error` is the error ratio over `{window}`, by job."""

    name: str
    percent: float
    alert: str
    runbook: str
    summary: str
    error: str


OBJECTIVES: Final = (
    Objective(
        "change-freshness",
        99.9,
        "StreamerChangeFreshness",
        "change-freshness",
        "Changes are published later than 2.5 s after their cause.",
        """\
1 - (
  sum by (job) (rate(streamer_change_delay_seconds_bucket{{le="2.5"}}[{window}]))
  /
  sum by (job) (rate(streamer_change_delay_seconds_count[{window}]) > 0)
)""",
    ),
    Objective(
        "processing-availability",
        99.9,
        "StreamerProcessingAvailability",
        "processing-availability",
        "Partitions of the topic of events are not processed.",
        "1 - avg_over_time(job:streamer_partitions_working:ratio[{window}])",
    ),
)


def rules(objective: Objective) -> Iterator[dict[str, Any]]:
    """Yield the groups of an objective: error ratios, facts, alerts."""
    labels = {
        "sloth_id": f"streamer-{objective.name}",
        "sloth_service": "streamer",
        "sloth_slo": objective.name,
    }
    selector = ", ".join(f'{key}="{value}"' for key, value in labels.items())
    ratio = "slo:sli_error:ratio_rate"
    yield {
        "name": f"slo-errors-{objective.name}",
        "rules": [
            {
                "record": f"{ratio}{window}",
                "expr": LiteralScalarString(objective.error.format(window=window)),
                "labels": labels | {"sloth_window": window},
            }
            for window in WINDOWS
        ],
    }
    budget = round(1 - objective.percent / 100, 6)
    yield {
        "name": f"slo-facts-{objective.name}",
        "rules": [
            {"record": name, "expr": expression, "labels": dict(labels)}
            for name, expression in (
                ("slo:objective:ratio", f"vector({1 - budget:.6g})"),
                ("slo:error_budget:ratio", f"vector({budget:.6g})"),
                ("slo:time_period:days", f"vector({DAYS})"),
                ("slo:current_burn_rate:ratio", f"{ratio}5m{{{selector}}} / {budget:.6g}"),
                ("slo:period_burn_rate:ratio", f"{ratio}30d{{{selector}}} / {budget:.6g}"),
                (
                    "slo:period_error_budget_remaining:ratio",
                    f"1 - {ratio}30d{{{selector}}} / {budget:.6g}",
                ),
            )
        ],
    }
    yield {
        "name": f"slo-alerts-{objective.name}",
        "rules": [
            {
                "alert": f"{objective.alert}Burns{severity.title()}",
                "expr": LiteralScalarString(burns(selector, budget, severity)),
                "labels": labels | {"severity": severity},
                "annotations": {
                    "summary": f"{objective.summary} The error budget of {DAYS} days is spent "
                    f"too fast ({severity}).",
                    "runbook_url": f"docs/runbooks/{objective.runbook}.md",
                },
            }
            for severity in BURNS
        ],
    }


def burns(selector: str, budget: float, severity: str) -> str:
    """Return the expression of an alert; the label of the window must not tell the two apart."""

    def fast(window: str, factor: float) -> str:
        ratio = f"slo:sli_error:ratio_rate{window}{{{selector}}}"
        return f"  max without (sloth_window) ({ratio} > {factor} * {budget:.6g})\n"

    return "\nor\n".join(
        f"(\n{fast(short, factor)}  and\n{fast(long, factor)})"
        for factor, short, long in BURNS[severity]
    )


def main(path: Path) -> None:
    """Write the file of rules."""
    yaml = YAML()
    yaml.width = 1_000
    groups = [group for objective in OBJECTIVES for group in rules(objective)]
    with path.open("w", encoding="utf-8") as file:
        file.write(f"# {HEAD}\n")
        yaml.dump({"groups": groups}, file)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
