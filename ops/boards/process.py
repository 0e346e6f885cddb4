"""One worker in depth: where its time goes, what it holds, what it waits for."""

from typing import Final

from ops.boards.choices import INSTANCE, WORKER, WORKERS, rates, stat
from ops.boards.grafana import Dashboard, Panel, Row

BOARD: Final = Dashboard(
    "streamer-process",
    "Streamer: one worker in depth",
    "Where the time of a worker goes, what it holds, and what it waits for.",
    (WORKERS, WORKER),
    (
        Row(
            "The process",
            (
                stat(
                    "Since",
                    "When the process started.",
                    "dateTimeAsIso",
                    f"1000 * max(process_start_time_seconds{{{INSTANCE}}})",
                ),
                stat(
                    "Since the last cycle",
                    "A cycle without records takes 0.05 s; many seconds are a process that hangs.",
                    "s",
                    f"max(streamer_idle_seconds{{{INSTANCE}}})",
                    5,
                    30,
                ),
                stat(
                    "Kafka is heard of",
                    "1 while it is.",
                    "short",
                    f"min(streamer_connected{{{INSTANCE}}})",
                    1,
                    0.5,
                ),
                stat(
                    "CPU per record",
                    "CPU time of the process for each record, everything included.",
                    "s",
                    f"sum(rate(streamer_cpu_seconds_total{{{INSTANCE}}}[$__rate_interval])) / "
                    f"(sum(rate(streamer_records_total{{{INSTANCE}}}[$__rate_interval])) > 0)",
                ),
                stat(
                    "Newer rules refused",
                    "1 while the worker goes on under older rules.",
                    "short",
                    f"max(streamer_rules_stale{{{INSTANCE}}})",
                    1,
                    1,
                ),
                Panel(
                    "Build",
                    "Version, and whether the hot lane is compiled.",
                    "short",
                    [(f"streamer_build_info{{{INSTANCE}}}", "{{version}}")],
                    kind="table",
                    width=4,
                ),
            ),
        ),
        Row(
            "Where the time goes",
            (
                Panel(
                    "CPU by stage",
                    "Cores that each stage of the cycle takes.",
                    "short",
                    [
                        (
                            rates("stage", "streamer_cpu_seconds_total", INSTANCE),
                            "{{stage}}",
                        )
                    ],
                    stacked=True,
                ),
                Panel(
                    "Waiting by stage",
                    "Time by the clock less CPU time: poll waits for events, load and commit for "
                    "Redis, timers for either, publish for Kafka.",
                    "percentunit",
                    [
                        (
                            rates("stage", "streamer_cycle_seconds_total", INSTANCE)
                            + " - "
                            + rates("stage", "streamer_cpu_seconds_total", INSTANCE),
                            "{{stage}}",
                        )
                    ],
                ),
                Panel(
                    "Records",
                    "Records by outcome.",
                    "cps",
                    [
                        (
                            rates("outcome", "streamer_records_total", INSTANCE),
                            "{{outcome}}",
                        )
                    ],
                    stacked=True,
                ),
                Panel(
                    "Commits of Redis",
                    "How many took how long.",
                    "s",
                    [
                        (
                            rates("le", "streamer_commit_seconds_bucket", INSTANCE),
                            "{{le}}",
                        )
                    ],
                    kind="heatmap",
                ),
                Panel(
                    "Transactions of Kafka",
                    "How many took how long.",
                    "s",
                    [
                        (
                            rates("le", "streamer_transaction_seconds_bucket", INSTANCE),
                            "{{le}}",
                        )
                    ],
                    kind="heatmap",
                ),
                Panel(
                    "Changes",
                    "Changes committed, by direction.",
                    "cps",
                    [
                        (
                            rates("direction", "streamer_changes_total", INSTANCE),
                            "{{direction}}",
                        )
                    ],
                ),
            ),
        ),
        Row(
            "What it holds",
            (
                Panel(
                    "Partitions by state",
                    "Partitions that the group has assigned to it.",
                    "short",
                    [
                        (
                            f"sum by (state) (streamer_partitions{{{INSTANCE}}})",
                            "{{state}}",
                        )
                    ],
                    stacked=True,
                ),
                Panel(
                    "Progress",
                    "Offsets per second, by partition.",
                    "cps",
                    [
                        (
                            f"deriv(streamer_next_offset{{{INSTANCE}}}[$__rate_interval])",
                            "{{partition}}",
                        )
                    ],
                ),
                Panel(
                    "Records behind",
                    "Records that wait to be read, by partition.",
                    "short",
                    [(f"streamer_consumer_lag{{{INSTANCE}}}", "{{partition}}")],
                ),
                Panel(
                    "Memory",
                    "Resident memory of the process.",
                    "bytes",
                    [(f"process_resident_memory_bytes{{{INSTANCE}}}", "resident")],
                ),
                Panel(
                    "Open files",
                    "Files and connections, and how many there may be.",
                    "short",
                    [
                        (f"process_open_fds{{{INSTANCE}}}", "open"),
                        (f"process_max_fds{{{INSTANCE}}}", "at most"),
                    ],
                ),
                Panel(
                    "Failures",
                    "By kind.",
                    "cps",
                    [
                        (
                            rates("kind", "streamer_failures_total", INSTANCE) + " or vector(0)",
                            "{{kind}}",
                        )
                    ],
                ),
            ),
        ),
    ),
    hours=1,
)
