"""The five topics made, looked at and mended (kafka-python).

What a topic must be like, and why:

events        `LogAppendTime`: the broker's time is what makes decisions repeatable. Takes more than
              the largest event, so that what is too large is seen among the rejected records.
changes       As many partitions as the events: what is said of a partition goes into the partition
              of the same number.
memberships   The same number of partitions. Compacted within hours, so that what an erasure
              replaces goes, and nothing is dropped for its age.
audit         What persons have asked for, and why; no personal data, so nothing is dropped.
rejected      Takes the largest record of the events together with the headers that say why.

All but the memberships must not be compacted: there every record counts, and a rejected one need
not have a key. Nothing is ever taken away from a topic that is there, and the events keep their
number of partitions, which decides where a customer is.
"""

import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import for_code

from streamer.adapters.kafka.clients import opened, python_failure, said
from streamer.adapters.kafka.connection import Connection
from streamer.adapters.kafka.topics import APPEND_TIME, LARGEST, TIME_TYPE, Topics
from streamer.errors import AdapterError, UsageError
from streamer.types import HOUR

State: TypeAlias = Literal["created", "right", "mended", "wrong"]
Settings: TypeAlias = Mapping[str, str]
Admin: TypeAlias = Any
"""kafka-python carries no types."""

DEFAULT_PARTITIONS: Final = 4
COMPACTED_HOURS: Final = 6
"""So many hours after a value was replaced, also by an erasure, compaction is to have begun."""
NULL_HOURS: Final = 24
"""So many hours after that the null of an erased or forgotten customer goes, with the id."""
_COMPACTED: Final = "max.compaction.lag.ms"
_NULLS: Final = "delete.retention.ms"
_RETENTION: Final = "retention.ms"
_POLICY: Final = "cleanup.policy"
_HOURS: Final = {
    _POLICY: "compact",
    _COMPACTED: str(COMPACTED_HOURS * HOUR),
    _NULLS: str(NULL_HOURS * HOUR),
}
"""Settings by which a compacted topic loses the data of an erased customer within hours."""
_COPIES_IN_STEP: Final = "min.insync.replicas"
_MANY_COPIES: Final = 3
"""From so many copies on, a record counts as written when two of them have it."""
_NO_SUCH_TOPIC: Final = 3
_TOO_FEW_BROKERS: Final = 38
"""What Kafka says of a replication that it cannot reach, also while brokers are just starting."""
_STARTING_S: Final = 20.0
_PAUSE_S: Final = 0.5
_READY_MS: Final = 30_000


@dataclass(frozen=True, slots=True)
class TopicVerdict:
    """What was found of a topic and done about it; where it is `wrong`, `text` says what to do."""

    topic: str
    state: State
    text: str


def create_topics(
    connection: Connection,
    topics: Topics,
    *,
    partitions: int | None = None,
    replication: int | None = None,
    mend: bool = False,
) -> list[TopicVerdict]:
    """Make the topics that are missing; look at those that are there, and `mend` them if asked to.

    Without `partitions`: as many as the events have, or four. Without `replication`: what brokers
    make by default. Raises `UsageError` if the events have another number of partitions, before
    anything is changed.
    """
    wanted = _wanted(topics)
    with closing(opened(KafkaAdminClient, connection)) as admin:
        counts = _counts(admin, wanted)
        count = _count(topics.events, counts.get(topics.events), partitions)
        verdicts = []
        for topic, settings in wanted.items():
            if topic not in counts:
                verdicts.append(_created(admin, topic, count, replication, settings))
                continue
            own = {topics.rejected, topics.audit}
            needed = counts[topic] if topic in own else count
            lacking = _lacking(admin, topic, settings)
            verdicts.append(_judged(admin, topic, counts[topic], needed, lacking, mend=mend))
        with said("wait for the topics"):
            admin.wait_for_topics(list(wanted), timeout_ms=_READY_MS)
    return verdicts


def ensure_compacted(connection: Connection, topic: str, partitions: int) -> TopicVerdict:
    """Make a compacted topic with at least so many partitions, or mend the one that is there."""
    with closing(opened(KafkaAdminClient, connection)) as admin:
        settings = _HOURS
        count = _counts(admin, [topic]).get(topic)
        if count is None:
            verdict = _created(admin, topic, partitions, None, settings)
        else:
            lacking = _lacking(admin, topic, settings)
            needed = max(count, partitions)  # more than are needed do no harm here
            verdict = _judged(admin, topic, count, needed, lacking, mend=True)
        with said("wait for the topics"):
            admin.wait_for_topics([topic], timeout_ms=_READY_MS)
    return verdict


def _wanted(topics: Topics) -> dict[str, Settings]:
    return {
        topics.events: {TIME_TYPE: APPEND_TIME, _POLICY: "delete", LARGEST: str(4 << 20)},
        topics.changes: {_POLICY: "delete"},
        topics.memberships: _HOURS,
        topics.rejected: {_POLICY: "delete", LARGEST: str(5 << 20)},
        topics.audit: {_POLICY: "delete", _RETENTION: "-1"},
    }


def _counts(admin: Admin, topics: Iterable[str]) -> dict[str, int]:
    """Return the number of partitions of those topics that are there."""
    with said("look at the topics"):
        found = admin.describe_topics(list(topics))
    for each in found:
        if each["error_code"] not in {0, _NO_SUCH_TOPIC}:
            raise python_failure(for_code(each["error_code"])(), f"look at {each['name']!r}")
    return {each["name"]: len(each["partitions"]) for each in found if not each["error_code"]}


def _count(events: str, there: int | None, asked: int | None) -> int:
    """Return how many partitions there are to be."""
    if asked is not None and there is not None and asked != there:
        raise UsageError(
            f"the topic {events} has {there} partitions, not {asked}, and keeps them, because they "
            "decide where a customer is: leave --partitions out, or name another --events-topic"
        )
    return asked or there or DEFAULT_PARTITIONS


def _created(
    admin: Admin, topic: str, count: int, replication: int | None, settings: Settings
) -> TopicVerdict:
    if replication is not None and replication >= _MANY_COPIES:
        settings = {**settings, _COPIES_IN_STEP: "2"}
    asked = {"num_partitions": count, "replication_factor": replication or -1, "configs": settings}
    patient_until = time.monotonic() + _STARTING_S
    while True:
        with said(f"create the topic {topic}"):
            (answer,) = admin.create_topics({topic: asked}, raise_errors=False)["topics"]
        if answer["error_code"] != _TOO_FEW_BROKERS or time.monotonic() > patient_until:
            break
        time.sleep(_PAUSE_S)
    if answer["error_code"]:
        raise AdapterError(f"could not create the topic {topic}: {answer['error_message']}")
    listed = ", ".join(f"{name}={value}" for name, value in settings.items())
    return TopicVerdict(topic, "created", f"{_number(count)}, {listed}")


def _lacking(admin: Admin, topic: str, settings: Settings) -> dict[str, tuple[str, str]]:
    """Return the settings of a topic that are not what they should be: as it is, as it should."""
    asked = ConfigResource(ConfigResourceType.TOPIC, topic, list(settings))
    with said(f"read the settings of the topic {topic}"):
        found = admin.describe_configs([asked], config_filter="all")["topic"][topic]
    present = {name: found[name]["value"] for name in settings}
    return {
        name: (present[name], value)
        for name, value in settings.items()
        if not _is_enough(name, present[name], value)
    }


def _is_enough(name: str, present: str, wanted: str) -> bool:
    """Say whether a setting does what it is wanted for: as it should be, or better."""
    if name == LARGEST:
        return int(present) >= int(wanted)
    if name in {_COMPACTED, _NULLS}:
        return int(present) <= int(wanted)
    return present == wanted


def _judged(
    admin: Admin,
    topic: str,
    count: int,
    needed: int,
    lacking: Mapping[str, tuple[str, str]],
    *,
    mend: bool,
) -> TopicVerdict:
    """Say what a topic that is there lacks, and `mend` it if asked to."""
    if count > needed:
        return TopicVerdict(
            topic,
            "wrong",
            f"{_number(count)} instead of {needed}, and none can be taken away: "
            "delete the topic and create it again",
        )
    lacks = [f"{name}={found} instead of {value}" for name, (found, value) in lacking.items()]
    if count < needed:
        lacks.insert(0, f"{_number(count)} instead of {needed}")
    if not lacks:
        return TopicVerdict(topic, "right", _number(count))
    listed = ", ".join(lacks)
    if not mend:
        return TopicVerdict(topic, "wrong", f"{listed}: --apply mends that")
    with said(f"change the topic {topic}"):
        _change(admin, topic, needed if count < needed else None, lacking)
    return TopicVerdict(topic, "mended", listed)


def _change(
    admin: Admin, topic: str, count: int | None, lacking: Mapping[str, tuple[str, str]]
) -> None:
    if count is not None:
        admin.create_partitions({topic: count})
    if not lacking:
        return
    change = {name: value for name, (_, value) in lacking.items()}
    asked = ConfigResource(ConfigResourceType.TOPIC, topic, change)
    answer = admin.alter_configs([asked])["topic"][topic]
    if answer != "OK":
        raise AdapterError(f"could not change the topic {topic}: {answer}")


def _number(count: int) -> str:
    return f"{count} partition{'' if count == 1 else 's'}"
