"""What the dashboards choose by, and the expressions that several panels have in common."""

from typing import Final

from ops.boards.grafana import Panel, Variable

JOB: Final = 'job=~"$job"'
ANY: Final = 'job=~".+"'
"""Collectors and webhooks are jobs of their own."""
INSTANCE: Final = 'job=~"$job", instance=~"$instance"'
ENTERED: Final = 'job=~"$job", segment=~"$segment", direction="entered"'
EXITED: Final = 'job=~"$job", segment=~"$segment", direction="exited"'
SERVED: Final = 'job=~".+", segment=~"$segment"'
"""`streamer serve` is a job of its own, too."""
SEGMENT: Final = 'job=~"$job", segment=~"$segment"'


WORKERS: Final = Variable("job", "job", "label_values(streamer_build_info, job)")
WORKER: Final = Variable(
    "instance", "worker", 'label_values(streamer_build_info{job=~"$job"}, instance)'
)
SEGMENTS: Final = Variable(
    "segment", "segment", 'label_values(streamer_changes_total{job=~"$job"}, segment)'
)


def rates(
    by: str,
    metric: str,
    chosen: str = JOB,
    window: str = "$__rate_interval",
    function: str = "rate",
) -> str:
    """Return the rate of a counter over a window, added up by a label."""
    return f"sum by ({by}) ({function}({metric}{{{chosen}}}[{window}]))"


def top(number: int, expression: str) -> str:
    """Return the largest series of an expression."""
    return f"topk({number}, {expression})"


def stat(
    title: str,
    description: str,
    unit: str,
    expression: str,
    warns: float | None = None,
    fails: float | None = None,
) -> Panel:
    """Return a panel of one number."""
    return Panel(title, description, unit, [(expression, "")], "stat", 4, warns, fails)
