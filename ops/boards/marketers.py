"""For marketers: who comes and goes, and which segments are restless."""

from typing import Final

from ops.boards.choices import (
    ENTERED,
    EXITED,
    JOB,
    SEGMENT,
    SEGMENTS,
    SERVED,
    WORKERS,
    rates,
    stat,
    top,
)
from ops.boards.grafana import Dashboard, Panel, Row

SIZE: Final = f"max by (segment) (job_segment:streamer_segment_members:max{{{SERVED}}})"
SERVED_FLOW: Final = "job_segment_direction:streamer_serve_changes:max_rate5m"
FLOW: Final = "job_segment_direction:streamer_changes:rate5m"


def gains(chosen: str, window: str) -> str:
    """Return the changes of each segment within a window."""
    return rates("segment", "streamer_changes_total", chosen, window, "increase")


BOARD: Final = Dashboard(
    "streamer-marketers",
    "Streamer: segments",
    "How large segments are, who comes and goes, and which are restless.",
    (WORKERS, SEGMENTS),
    (
        Row(
            "All chosen segments",
            (
                stat(
                    "Entered in 24 hours",
                    "Entries into the chosen segments. One customer may enter several times.",
                    "short",
                    "sum(" + gains(ENTERED, "24h") + ")",
                ),
                stat(
                    "Left in 24 hours",
                    "Exits from the chosen segments.",
                    "short",
                    "sum(" + gains(EXITED, "24h") + ")",
                ),
                stat(
                    "Customers",
                    "Customers of whom anything is remembered.",
                    "short",
                    f"sum(job:streamer_store_customers:sum{{{JOB}}})",
                ),
                stat(
                    "Changes come within",
                    "99 % of the changes are published so soon after their cause.",
                    "s",
                    f"max(job_cause:streamer_change_delay_seconds:p99_5m{{{JOB}}} >= 0)",
                ),
            ),
        ),
        Row(
            "How large segments are",
            (
                Panel(
                    "Customers in each segment",
                    "Counted by streamer serve, customer by customer.",
                    "short",
                    [(SIZE, "{{segment}}")],
                    width=12,
                ),
                Panel(
                    "Sizes now",
                    "The same, as a table.",
                    "short",
                    [(SIZE, "{{segment}}")],
                    kind="table",
                    width=12,
                ),
            ),
        ),
        Row(
            "Who comes and goes",
            (
                Panel(
                    "Entered, per hour",
                    "Entries per hour, by segment.",
                    "short",
                    [
                        (
                            f"3600 * sum by (segment) ({FLOW}{{{ENTERED}}})",
                            "{{segment}}",
                        )
                    ],
                    width=12,
                ),
                Panel(
                    "Left, per hour",
                    "Exits per hour, by segment.",
                    "short",
                    [
                        (
                            f"3600 * sum by (segment) ({FLOW}{{{EXITED}}})",
                            "{{segment}}",
                        )
                    ],
                    width=12,
                ),
                Panel(
                    "Flows as the page counts them, per hour",
                    "Changes that came into the copy of streamer serve: the same as those above, "
                    "unless it is behind.",
                    "short",
                    [
                        (
                            f"3600 * max by (segment, direction) ({SERVED_FLOW}{{{SERVED}}})",
                            "{{segment}} {{direction}}",
                        )
                    ],
                    width=24,
                ),
                Panel(
                    "Growth in an hour",
                    "Entries less exits of the last hour, by segment.",
                    "short",
                    [
                        (
                            gains(ENTERED, "1h") + " - " + gains(EXITED, "1h"),
                            "{{segment}}",
                        )
                    ],
                    width=12,
                ),
                Panel(
                    "Restless segments",
                    "The ten segments with most changes in 24 hours. Many that enter and leave at "
                    "once ask for a cooldown or a longer window.",
                    "short",
                    [
                        (
                            top(10, gains(SEGMENT, "24h")),
                            "{{segment}}",
                        )
                    ],
                    kind="table",
                    width=12,
                ),
            ),
        ),
        Row(
            "Exactness",
            (
                Panel(
                    "Beyond the bounds",
                    "Times that a customer's state went beyond its bound: the answer of the "
                    "segment may then not be exact. Bots do that.",
                    "short",
                    [
                        (
                            rates(
                                "segment", "streamer_state_overflows_total", JOB, "1h", "increase"
                            ),
                            "{{segment}}",
                        )
                    ],
                    width=24,
                ),
            ),
        ),
    ),
    hours=24,
)
