"""The course that `peers` sends every participant over: two loads on one Kafka and one Redis.

The records keep the times of the events, as `live` has it, so that months of shopping are months
here: the topic is made without the broker's append times, filled, and only then set to them, which
`streamer run` asks for. Every event carries its append time. The last event happened just now.
"""

import resource
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zlib import crc32

import orjson
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin import NewTopic as _Topic  # type: ignore[attr-defined] # it is there
from participants import RULES, WORKER, NotMeasured, Participant, topics
from verdict import Change, Verdict, judge, read_change

PARTITIONS: Final = 4
PATIENCE_S: Final = 300
SETTLED_S: Final = 1.5
END_S: Final = 30
QUIET: Final = 2
"""The least grave of the messages that librdkafka prints."""
LAST_BUY: Final = b"repeat_buyer"
"""The segment that the last two events of a partition let its last customer enter."""
AFTER_MS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Load:
    """The events of one topic; behind them each partition has a customer that buys twice."""

    topic: str
    events: Sequence[bytes]
    last: Mapping[int, str]
    end: int


@dataclass(frozen=True, slots=True)
class Run:
    """What a participant spent on a load, in seconds, and what it wrote: partition and value."""

    spent: float
    written: Sequence[tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Row:
    """What the table says of a participant."""

    participant: Participant
    micros: float
    verdict: Verdict


class SizeHistory:
    """Both servers with the two loads, for one participant after the other."""

    def __init__(self, kafka: str, redis: str, folder: Path, loads: Sequence[Load]) -> None:
        self._kafka, self._redis, self._folder = kafka, redis, folder
        self._admin = AdminClient({"bootstrap.servers": kafka, "log_level": QUIET})
        self.full, self.few = loads
        for load in loads:
            self._make_topic(load.topic)
            publish(kafka, load)

    def measure(self, participant: Participant, true: Sequence[Change]) -> Row:
        """Let a participant go through both loads.

        Raises:
            NotMeasured: it cannot be installed, or did not come to the end.
        """
        few, full = self._run(participant, self.few), self._run(participant, self.full)
        further = len(self.full.events) - len(self.few.events)
        times: dict[int, list[int]] = defaultdict(list)
        for line in self.full.events:
            event = orjson.loads(line)
            times[partition_of(event["user_id"])].append(event["time"])
        written = ((place, read_change(value)) for place, value in full.written)
        counted = [each for each in written if each[1].at <= self.full.end]
        verdict = judge(true, counted, times, partition_of)
        return Row(participant, (full.spent - few.spent) / further * 1e6, verdict)

    def _run(self, participant: Participant, load: Load) -> Run:
        """Start it, wait for the last changes, end it."""
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        group = f"{folder.name}.{load.topic}"
        changes = f"{group}.changes"
        places = {
            "kafka": self._kafka,
            "redis": self._redis,
            "events-topic": load.topic,
            "changes-topic": changes,
            "group": group,
            "folder": str(folder),
        }
        if participant is WORKER:
            self._make_topics(load.topic, changes, group)
        else:
            self._make_topic(changes)
        command, environment = participant.command(places)
        before = children_cpu()
        log = self._folder / f"{folder.name}.log"
        with log.open("wb") as said:
            child = subprocess.Popen(command, env=environment, stdout=said, stderr=said)  # noqa: S603
        try:
            written = watched(self._kafka, changes, load, child, log)
        finally:
            end(child)
        return Run(children_cpu() - before, written)

    def _make_topic(self, topic: str) -> None:
        """Make a topic whose records keep the times that they are sent with."""
        (made,) = self._admin.create_topics([_Topic(topic, PARTITIONS, 1)]).values()
        made.result(END_S)

    def _make_topics(self, events: str, changes: str, group: str) -> None:
        """Make the worker's topics; the records of the events keep the times of the events."""
        words = ("--events-topic", events, "--changes-topic", changes, *topics(group))
        command, environment = WORKER.streamer(
            "topics", "create", "--apply", "--kafka", self._kafka, *words
        )
        done = subprocess.run(  # noqa: S603 (our own command)
            command, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise NotMeasured(f"its topics cannot be made: {done.stderr.strip()}")


def load_of(topic: str, events: Iterable[bytes]) -> Load:
    """Return a load with the two orders of each partition's last customer."""
    found = list(events)
    end_ = orjson.loads(found[-1])["time"]
    last: dict[int, str] = {}
    number = 0
    while len(last) < PARTITIONS:
        customer = f"last-{number}"
        last.setdefault(partition_of(customer), customer)
        number += 1
    for number, customer in enumerate(list(last.values()) * 2):
        at = end_ + AFTER_MS + number
        order = {"product_id": "last", "category": "last", "price": 1, "quantity": 1}
        event = {"id": f"last-{number}", "name": "order_completed", "user_id": customer}
        found.append(orjson.dumps(event | {"time": at, "appended": at, "properties": order}))
    return Load(topic, found, last, end_)


def partition_of(customer: str) -> int:
    """Return the partition of a customer's events: the one that librdkafka takes."""
    return crc32(customer.encode()) % PARTITIONS


def publish(address: str, load: Load) -> None:
    """Write the events of a load into its topic, each into the partition of its customer."""
    producer = Producer({"bootstrap.servers": address, "linger.ms": 50, "acks": "all"})
    for line in load.events:
        customer = orjson.loads(line)["user_id"]
        while True:
            try:
                producer.produce(load.topic, line, customer, partition_of(customer))
            except BufferError:
                producer.poll(0.1)
            else:
                break
    producer.flush()


def replayed(load: Load, folder: Path) -> list[Change]:
    """Return the changes that `streamer replay` makes of a load, up to its last event."""
    events, changes = folder / "events.jsonl", folder / "changes.jsonl"
    events.write_bytes(b"".join(line.rstrip() + b"\n" for line in load.events))
    words = ("replay", str(events), "--rules", str(RULES), "--out", str(changes))
    command, environment = WORKER.streamer(*words)
    done = subprocess.run(  # noqa: S603 (our own command)
        command, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NotMeasured(f"streamer replay failed: {done.stderr.strip()}")
    with changes.open("rb") as file:
        return [change for change in map(read_change, file) if change.at <= load.end]


def watched(
    address: str, topic: str, load: Load, child: subprocess.Popen[bytes], log: Path
) -> list[tuple[int, bytes]]:
    """Return what is written to a topic, once the last change of each partition is."""
    consumer = Consumer(
        {"bootstrap.servers": address, "group.id": "watch", "isolation.level": "read_committed"}
    )
    waiting = {customer.encode() for customer in load.last.values()}
    written: list[tuple[int, bytes]] = []
    give_up = time.monotonic() + PATIENCE_S
    settled = None
    with closing(consumer):
        consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
        while settled is None or time.monotonic() < settled:
            messages = consumer.consume(10_000, 0.25)
            for message in messages:
                key, value = message.key(), message.value()
                if message.error() is None and isinstance(key, bytes) and value is not None:
                    written.append((message.partition() or 0, value))
                    if key in waiting and LAST_BUY in value:
                        waiting.discard(key)
            if not waiting and (messages or settled is None):
                settled = time.monotonic() + SETTLED_S
            if child.poll() is not None:
                told = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
                raise NotMeasured(f"it ended: {told[-1] if told else child.returncode}")
            if time.monotonic() > give_up:
                raise NotMeasured(f"it did not come to the end within {PATIENCE_S} s")
    return written


def end(child: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and kill it if it does not."""
    child.terminate()
    try:
        child.wait(END_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def children_cpu() -> float:
    """Return the CPU seconds of all children that have ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
