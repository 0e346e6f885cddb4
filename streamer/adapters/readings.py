"""The readings of a process that decides: what a scrape of its metrics sees."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Histogram:
    """Durations in seconds: how many were at most as long as each bound, how many in all."""

    at_most: Mapping[float, int] = field(default_factory=dict)
    count: int = 0
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class PartitionReading:
    """Where a partition with a task stands.

    `offset` is the next record to read. `lag` is how many records wait to be read, None while the
    broker has not said, and `lag_seconds` how far the last record read is behind the broker's clock
    while some wait. `timer_lag_seconds` is for how long a timer may have been due that has not
    fired. `restore_remaining` is how many records are left to restore. `scanned` says how many
    customers were looked at for new rules, and `migrated` whether that was all of them.
    `skew_seconds` is how far the broker's clock is ahead of the machine's, None until it is known.
    """

    offset: int
    lag: int | None = None
    lag_seconds: float | None = None
    timer_lag_seconds: float = 0.0
    restore_remaining: int = 0
    scanned: int = 0
    migrated: bool = True
    skew_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Footprint:
    """A sample of what a partition takes in Redis.

    `customers` have a profile there. `bytes` is what their profiles and wakes take, estimated from
    some of them. `used` and `limit` are bytes of the whole server; a limit of 0 is none.
    """

    customers: int
    bytes: int
    used: int
    limit: int


@dataclass(slots=True)
class Readings:
    """What a process has counted since its start, and where it stands.

    `spent` are nanoseconds of CPU and `passed` nanoseconds by the clock, both by stage of the
    cycle. `overflows` counts values that a full cell dropped, by the segment that reads the cell,
    `invalid` records that are no event, by the place in the schema, `links` what became of links
    between ids, and `unusable` events in which a property could not be read. `migrated` counts
    profiles decided again after the rules changed. `delays` are the times from a record's append
    until its changes were published, `timer_delays` those from the earliest instant at which a
    timer may fire. `states` counts partitions by state, and `topic_partitions` those of the topic,
    0 while it was not asked. `idle_seconds` is the time since the last cycle ended. `rules_stale`
    says whether newer rules were refused. `build` names the program.
    """

    records: Mapping[str, int] = field(default_factory=dict)
    invalid: Mapping[str, int] = field(default_factory=dict)
    links: Mapping[str, int] = field(default_factory=dict)
    changes: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    overflows: Mapping[str, int] = field(default_factory=dict)
    unusable: Mapping[str, int] = field(default_factory=dict)
    spent: Mapping[str, int] = field(default_factory=dict)
    passed: Mapping[str, int] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)
    commits: Histogram = field(default_factory=Histogram)
    transactions: Histogram = field(default_factory=Histogram)
    delays: Histogram = field(default_factory=Histogram)
    timer_delays: Histogram = field(default_factory=Histogram)
    states: Mapping[str, int] = field(default_factory=dict)
    partitions: Mapping[int, PartitionReading] = field(default_factory=dict)
    footprints: Mapping[int, Footprint] = field(default_factory=dict)
    topic_partitions: int = 0
    connected: bool = False
    idle_seconds: float = 0.0
    rules: str = ""
    rules_refused: int = 0
    rules_stale: bool = False
    migrated: int = 0
    build: Mapping[str, str] = field(default_factory=dict)
