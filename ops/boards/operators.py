"""For operators: whether changes come in time, what is behind, and why."""

from typing import Final

from ops.boards.choices import ANY, JOB, WORKERS, rates, stat, top
from ops.boards.grafana import Dashboard, Panel, Row

ANSWERED: Final = "job_route:streamer_serve_request_seconds:p99_5m"
FOLLOWING: Final = "streamer_serve_following"

BOARD: Final = Dashboard(
    "streamer-operators",
    "Streamer: operators",
    "Whether changes come in time, what is behind, and why. Alerts have runbooks in docs/runbooks.",
    (WORKERS,),
    (
        Row(
            "Is it well",
            (
                stat(
                    "Partitions that are processed",
                    "Share of the partitions of the topic of events that have a running task.",
                    "percentunit",
                    f"min(job:streamer_partitions_working:ratio{{{JOB}}})",
                    0.999,
                    0.9,
                ),
                stat(
                    "Alerts",
                    "Alerts of Streamer that fire now.",
                    "short",
                    'count(ALERTS{alertname=~"Streamer.*", alertstate="firing"}) or vector(0)',
                    1,
                    2,
                ),
                stat(
                    "Delay, 99 %",
                    "From the append of an event, or from when a timer may fire, until the change "
                    "is published: 99 % are faster.",
                    "s",
                    f"max(job_cause:streamer_change_delay_seconds:p99_5m{{{JOB}}} >= 0)",
                    1,
                    2.5,
                ),
                stat(
                    "Records behind",
                    "Records that wait to be read, in all partitions.",
                    "short",
                    f"sum(job_partition:streamer_consumer_lag:max{{{JOB}}})",
                    10_000,
                    100_000,
                ),
                stat(
                    "Timers behind",
                    "For how long a timer may have been due; the worst partition.",
                    "s",
                    f"max(job_partition:streamer_timer_lag_seconds:max{{{JOB}}})",
                    5,
                    30,
                ),
                stat(
                    "Rejected",
                    "Share of the records that are invalid, late or early.",
                    "percentunit",
                    f"max(job:streamer_records_rejected:ratio_rate5m{{{JOB}}}) or vector(0)",
                    0.005,
                    0.01,
                ),
            ),
        ),
        Row(
            "Objectives",
            (
                Panel(
                    "Error budget left",
                    "Of 30 days: 99.9 % of the changes within 2.5 s, 99.9 % of the partitions "
                    "processed.",
                    "percentunit",
                    [
                        (
                            f"slo:period_error_budget_remaining:ratio{{{JOB}}}",
                            "{{sloth_slo}}",
                        )
                    ],
                    width=12,
                ),
                Panel(
                    "Burn rate",
                    "Error ratio of five minutes divided by the budget: 1 spends just the budget, "
                    "14.4 for an hour wakes somebody.",
                    "short",
                    [
                        (
                            f"slo:current_burn_rate:ratio{{{JOB}}}",
                            "{{sloth_slo}}",
                        )
                    ],
                    width=12,
                ),
            ),
        ),
        Row(
            "How late",
            (
                Panel(
                    "Delay of changes",
                    "Median and 99 %, by cause: event or time.",
                    "s",
                    [
                        (
                            f"job_cause:streamer_change_delay_seconds:p50_5m{{{JOB}}}",
                            "{{cause}}, median",
                        ),
                        (
                            f"job_cause:streamer_change_delay_seconds:p99_5m{{{JOB}}}",
                            "{{cause}}, 99 %",
                        ),
                    ],
                ),
                Panel(
                    "Delay of changes, all",
                    "How many changes took how long.",
                    "s",
                    [
                        (
                            rates("le", "streamer_change_delay_seconds_bucket"),
                            "{{le}}",
                        )
                    ],
                    kind="heatmap",
                ),
                Panel(
                    "Commits and transactions, 99 %",
                    "What Redis and Kafka take for one cycle.",
                    "s",
                    [
                        (f"job:streamer_commit_seconds:p99_5m{{{JOB}}}", "commit in Redis"),
                        (f"job:streamer_transaction_seconds:p99_5m{{{JOB}}}", "transaction"),
                    ],
                ),
            ),
        ),
        Row(
            "What waits",
            (
                Panel(
                    "Records behind, by partition",
                    "Records that wait to be read.",
                    "short",
                    [(f"job_partition:streamer_consumer_lag:max{{{JOB}}}", "{{partition}}")],
                ),
                Panel(
                    "Time behind",
                    "How far the last record read is behind the broker's clock, by partition.",
                    "s",
                    [
                        (
                            f"job_partition:streamer_consumer_lag_seconds:max{{{JOB}}}",
                            "{{partition}}",
                        )
                    ],
                ),
                Panel(
                    "Timers behind, by partition",
                    "For how long a timer may have been due.",
                    "s",
                    [(f"job_partition:streamer_timer_lag_seconds:max{{{JOB}}}", "{{partition}}")],
                ),
            ),
        ),
        Row(
            "Partitions",
            (
                Panel(
                    "Partitions by state",
                    "Of all workers. Paused is a failure, restoring a Redis that went back.",
                    "short",
                    [(f"job_state:streamer_partitions:sum{{{JOB}}}", "{{state}}")],
                    stacked=True,
                ),
                Panel(
                    "Left to restore",
                    "Records to decide again until Redis is where it was, by partition.",
                    "short",
                    [
                        (
                            f"max by (partition) (streamer_restore_remaining{{{JOB}}})",
                            "{{partition}}",
                        )
                    ],
                ),
                Panel(
                    "Failures",
                    "Unavailable: Kafka or Redis. Fenced: a partition that another has. Failed: "
                    "what does not pass by itself.",
                    "cps",
                    [
                        (
                            rates("kind", "streamer_failures_total") + " or vector(0)",
                            "{{kind}}",
                        )
                    ],
                ),
            ),
        ),
        Row(
            "Events",
            (
                Panel(
                    "Records by outcome",
                    "All but the applied ones are in the topic of rejected records.",
                    "cps",
                    [(f"job_outcome:streamer_records:rate5m{{{JOB}}}", "{{outcome}}")],
                    stacked=True,
                ),
                Panel(
                    "Invalid, by place",
                    "The five places in the schema that most records break.",
                    "cps",
                    [
                        (
                            top(5, rates("path", "streamer_invalid_records_total")),
                            "{{path}}",
                        )
                    ],
                ),
                Panel(
                    "Properties that cannot be read",
                    "Accepted events in which a property that rules read could not be read.",
                    "cps",
                    [
                        (
                            top(10, rates("property", "streamer_unusable_properties_total")),
                            "{{property}}",
                        )
                    ],
                ),
            ),
        ),
        Row(
            "Redis",
            (
                Panel(
                    "Memory",
                    "Share of maxmemory that is used, where there is such a bound.",
                    "percentunit",
                    [(f"job:streamer_redis_memory:ratio{{{JOB}}}", "used")],
                ),
                Panel(
                    "Customers",
                    "Customers with a profile, sampled.",
                    "short",
                    [(f"job:streamer_store_customers:sum{{{JOB}}}", "customers")],
                ),
                Panel(
                    "Bytes per customer",
                    "What profile and timer of one take in Redis, sampled.",
                    "bytes",
                    [(f"job:streamer_store_bytes_per_customer:ratio{{{JOB}}}", "per customer")],
                ),
            ),
        ),
        Row(
            "Rules and clocks",
            (
                Panel(
                    "Versions of the rules",
                    "How many workers run which rules; more than one for long is a mistake.",
                    "short",
                    [(f"count by (version) (streamer_rules{{{JOB}}})", "{{version}}")],
                    kind="table",
                ),
                Panel(
                    "Migrated customers",
                    "Customers looked at since the rules changed, by partition.",
                    "short",
                    [
                        (
                            f"max by (partition) (streamer_migration_scanned{{{JOB}}})",
                            "{{partition}}",
                        )
                    ],
                ),
                Panel(
                    "Skew of the brokers' clocks",
                    "How far a partition's broker is ahead of the worker's machine.",
                    "s",
                    [
                        (
                            f"max by (partition) (streamer_broker_clock_skew_seconds{{{JOB}}})",
                            "{{partition}}",
                        )
                    ],
                ),
            ),
        ),
        Row(
            "Collector and webhooks",
            (
                Panel(
                    "Requests to the collector",
                    "By status of HTTP; 429 asks to try again.",
                    "reqps",
                    [
                        (
                            rates("status", "streamer_collect_requests_total", ANY),
                            "{{status}}",
                        )
                    ],
                ),
                Panel(
                    "Acknowledged within, 99 %",
                    "From a request's last byte until Kafka has all its events.",
                    "s",
                    [
                        (
                            "histogram_quantile(0.99, "
                            + rates("le", "streamer_collect_acknowledged_seconds_bucket", ANY)
                            + ")",
                            "99 %",
                        )
                    ],
                ),
                Panel(
                    "Changes that wait for an endpoint",
                    "Records that a webhook's endpoint has not been told, by endpoint.",
                    "short",
                    [
                        (
                            f"max by (endpoint) (streamer_webhook_lag{{{ANY}}})",
                            "{{endpoint}}",
                        ),
                        (
                            f"max by (endpoint) (streamer_webhook_off{{{ANY}}})",
                            "{{endpoint}}: 1 if switched off",
                        ),
                    ],
                ),
            ),
        ),
        Row(
            "The page and its API",
            (
                Panel(
                    "Requests to the servers",
                    "By status of HTTP; 503 while a copy is made anew.",
                    "reqps",
                    [(rates("status", "streamer_serve_request_seconds_count", ANY), "{{status}}")],
                ),
                Panel(
                    "Answered within, 99 %",
                    "By what was asked; streams are left out.",
                    "s",
                    [
                        (
                            f"max by (route) ({ANSWERED}{{{ANY}}})",
                            "{{route}}",
                        )
                    ],
                ),
                Panel(
                    "Servers that follow, and their readers",
                    "Servers that are up to date and read on, and streams that are open.",
                    "short",
                    [
                        (
                            f"count(streamer_serve_ready{{{ANY}}} + {FOLLOWING}{{{ANY}}} == 2)",
                            "servers",
                        ),
                        (f"sum(streamer_serve_streams{{{ANY}}})", "streams"),
                    ],
                ),
            ),
        ),
    ),
)
