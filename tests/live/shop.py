"""A shop whose storefront never stops, workers as processes, and the judge of what they said.

Whatever happened, the truth is in Kafka: the oracle decides the records of the topic of events, by
the times at which the broker appended them, and what an independent reader of committed records
finds in the topic of changes must be just that: nothing missing, nothing twice, nothing else. Rules
have windows of seconds, so that a few seconds after the last event nothing more can happen.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any, Self

import orjson
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from streamer.adapters.kafka import Topics
from streamer.adapters.redis import RedisStore
from streamer.codecs.profiles import ProfileCodec
from streamer.types import MINUTE, Millis, Record
from tests.adapters.kafka.topics import committed_records, create_all, settle
from tests.engine import compiled
from tests.oracle import OracleResult, oracle_run
from tests.oracle.partitions import Control, Told, oracle_run_of_partitions
from tests.servers import KafkaServer, RedisServer
from tests.spoken import plain
from tests.strategies import documents_to_yaml
from tests.told import for_oracle, with_append_time
from tests.waiting import wait_until

DOCUMENTS: list[dict[str, Any]] = [
    {
        "segment": "curious",
        "title": "Looked twice in three seconds",
        "purpose": "A window that closes by time alone.",
        "when": {"performed": "product_viewed", "at_least": 2, "within": "3s"},
    },
    {
        "segment": "cart_abandoner",
        "title": "Left something in the cart",
        "purpose": "Silence, and an order that ends it.",
        "when": {
            "all": [
                {"performed": "product_added", "within": "5s"},
                {"not_performed": "order_completed", "since": "product_added"},
                {"quiet": "1s"},
            ]
        },
        "settings": {"cooldown": "1s"},
    },
    {
        "segment": "wanted_back",
        "title": "Left a cart and is not curious",
        "purpose": "References to other segments.",
        "when": {"all": [{"in_segment": "cart_abandoner"}, {"none": [{"in_segment": "curious"}]}]},
    },
    {
        "ladder": "engagement",
        "title": "How engaged",
        "purpose": "Tiers.",
        "tiers": [
            {"active": {"performed": "any", "at_least": 4, "within": "4s"}},
            {"semi_active": {"performed": "any", "within": "6s"}},
            {"passive": "otherwise"},
        ],
    },
]
SETTLED: Millis = MINUTE
"""So long after the last event nothing can happen any more."""
NAMES = ["product_viewed"] * 6 + [
    "product_added",
    "product_added",
    "order_completed",
    "page_viewed",
]
EVERYBODY = tuple(f"c-{number}" for number in range(40))
JOINING: list[dict[str, Any]] = [
    {"ruleset": "shop", "identity": {"anonymous": "last"}},
    *DOCUMENTS,
]
"""The same rules, by which visitors become users."""
PARTITIONS = 4
JOURNAL_LINES = 60
CONFIG = "session.timeout.ms=4000\nheartbeat.interval.ms=1000\n"
POISON = [b"", b"not JSON", b'{"id": 1}', b"[]"]


class Storefront:
    """Publishes from a thread of its own until stopped: ten times a second, `burst` records.

    With `joining`, a third of the events are of users, and of every twenty one has both ids.
    """

    def __init__(
        self,
        address: str,
        topic: str,
        seed: int,
        customers: Sequence[str],
        burst: int,
        *,
        joining: bool = False,
    ) -> None:
        self._random = Random(seed)  # noqa: S311 (a seed, not secrecy)
        self._joining = joining
        self._topic = topic
        self._customers = customers
        self._burst = burst
        self._address = address
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._publish, name="storefront")
        self.sent = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(120)
        assert not self._thread.is_alive()

    def wait_for_events(self, count: int) -> None:
        """Return when so many more records are on their way."""
        enough = self.sent + count
        wait_until(lambda: self.sent >= enough, f"{count} more events", 120)

    def _publish(self) -> None:
        producer = Producer(
            {
                "bootstrap.servers": self._address,
                "enable.idempotence": True,
                "delivery.timeout.ms": 600_000,
                "partitioner": "murmur2_random",
                "log_level": 0,
            }
        )
        while not self._stopping.wait(0.1):
            for _ in range(self._burst):
                customer, value = self._record()
                producer.produce(self._topic, value, customer.encode())
                self.sent += 1
            producer.poll(0)
        assert producer.flush(120) == 0

    def _record(self) -> tuple[str, bytes]:
        random = self._random
        customer = random.choice(self._customers)
        if random.random() < 0.01:
            return customer, random.choice(POISON)
        number = self.sent * 10 + random.randrange(1_000)  # a few ids come twice
        late = random.choice([0] * 9 + [1_500])
        ids = {"user_id": customer}
        if self._joining:
            ids = self._ids(customer)
            customer = ids.get("user_id") or ids["anonymous_id"]
        event = {
            "id": f"e-{number}",
            "name": random.choice(NAMES),
            "time": time.time_ns() // 1_000_000 - late,
            **ids,
        }
        return customer, orjson.dumps(event)

    def _ids(self, customer: str) -> dict[str, str]:
        """Return the ids of a user, of a device, or of both."""
        user = {"user_id": customer}
        device = {"anonymous_id": f"a-{self._random.randrange(30)}"}
        drawn = self._random.random()
        if drawn < 0.05:
            return user | device
        return user if drawn < 0.35 else device


class Worker:
    """`streamer run` as a process; what it writes goes into a file."""

    def __init__(self, command: Sequence[str], log: Path, environment: dict[str, str]) -> None:
        self._log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 (our own command)
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment
            )

    @property
    def text(self) -> str:
        """All that it has written."""
        return self._log.read_text(encoding="utf-8")

    def said(self) -> list[dict[str, Any]]:
        """Return the lines of its journal; a process that was killed may leave half a line."""
        found = []
        for line in self.text.splitlines():
            with suppress(json.JSONDecodeError):
                found.append(json.loads(line))
        return found

    def events(self) -> list[str]:
        return [line["event"] for line in self.said()]

    def works(self) -> bool:
        """Whether it has ever had a partition; fails if it has ended."""
        assert self.process.poll() is None, self.text
        return "partition assigned" in self.events()

    def restores(self) -> bool:
        """Whether it has ever found the store behind what is published."""
        return any("restoring_until" in line for line in self.said())

    def counts(self, event: str) -> int:
        """How often it has written an event."""
        return self.events().count(event)

    def partitions(self) -> set[int]:
        """Which partitions it works on, as far as it knows and has written."""
        held: set[int] = set()
        for line in self.said():
            if line["event"] == "partition assigned":
                held.add(line["partition"])
            elif line["event"] == "partition revoked":
                held.discard(line["partition"])
        return held

    def sleeps(self) -> bool:
        """Whether it was stopped by SIGSTOP."""
        how = os.WSTOPPED | os.WNOWAIT | os.WNOHANG
        return os.waitid(os.P_PID, self.process.pid, how) is not None

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)

    def stop(self) -> None:
        """End it in order, which must work."""
        self.process.terminate()
        assert self.process.wait(60) == 0, self.text
        assert self.events()[-1] == "stopped"


class Shop:
    """The topics and the group of one test, and everybody who uses them."""

    def __init__(
        self,
        kafka: KafkaServer,
        redis: RedisServer,
        folder: Path,
        topics: Topics | None = None,
    ) -> None:
        self.kafka, self.redis, self.folder = kafka, redis, folder
        self.topics = topics or create_all(kafka.address, PARTITIONS)
        self.group = self.topics.events.replace("events", "group")
        self.rules = folder / "rules.yaml"
        self.write_rules(DOCUMENTS)
        self.config = folder / "client.properties"
        self.config.write_text(CONFIG, encoding="utf-8")
        self.workers: list[Worker] = []
        self.joining = False

    def join_ids(self) -> None:
        """Let visitors become users, from before the first worker on."""
        self.joining = True
        self.write_rules(JOINING)
        (self.folder / "control.key").write_text("known to the whole group, and to nobody else")

    def write_rules(self, documents: list[dict[str, Any]]) -> None:
        """Put these rules into the file that workers read."""
        self.documents = documents
        self.rules.write_text(documents_to_yaml(documents), encoding="utf-8")

    def options(self) -> list[str]:
        """Return the options of `streamer run`."""
        topics = self.topics
        return [
            *("--kafka", self.kafka.address, "--kafka-config", str(self.config)),
            *("--redis", self.redis.url, "--group", self.group, "--rules", str(self.rules)),
            *("--events-topic", topics.events, "--changes-topic", topics.changes),
            *("--memberships-topic", topics.memberships, "--rejected-topic", topics.rejected),
            *("--metrics-port", "0"),
            *(("--control-key-file", str(self.folder / "control.key")) if self.joining else ()),
        ]

    def worker(self, *options: str, fate: str | None = None) -> Worker:
        """Start a worker with further options; with a fate, it ends as `fated` says."""
        module, environment = "streamer", dict(os.environ)
        if fate is not None:
            module, environment = "tests.live.fated", environment | {"STREAMER_FATE": fate}
        command = [sys.executable, "-m", module, "run", *self.options(), *options]
        log = self.folder / f"worker-{len(self.workers)}.log"
        worker = Worker(command, log, environment)
        self.workers.append(worker)
        return worker

    @contextmanager
    def storefront(
        self, seed: int, customers: Sequence[str] = EVERYBODY, burst: int = 10
    ) -> Iterator[Storefront]:
        """Publish for as long as the block takes."""
        address, topic = self.kafka.address, self.topics.events
        with Storefront(address, topic, seed, customers, burst, joining=self.joining) as storefront:
            yield storefront

    def kill_kafka(self) -> None:
        """Kill the broker where no worker has just committed, perhaps with transactions open."""
        for worker in self.workers:
            worker.signal(signal.SIGSTOP)
        port = self.kafka.port
        wait_until(lambda: nothing_on_its_way(port), "the broker has read what was sent to it")
        settle(self.kafka.address)
        self.kafka.kill()
        for worker in self.workers:
            worker.signal(signal.SIGCONT)

    def published(self) -> int:
        """Return how many records, and ends of transactions, the topic of changes holds."""
        ends: list[int] = []
        partitions = [TopicPartition(self.topics.changes, one) for one in range(PARTITIONS)]

        def said() -> bool:
            """A leader may have died, or just started: who asks anew hears of another."""
            with suppress(KafkaException), self._asking() as asked:
                ends[:] = [asked.get_watermark_offsets(one, timeout=10)[1] for one in partitions]
            return bool(ends)

        wait_until(said, "Kafka says where the topic of changes ends", 120)
        return sum(ends)

    def wait_for_changes(self, count: int = 50) -> None:
        """Return when so many more records are published: the workers work."""
        enough = self.published() + count
        wait_until(lambda: self.published() >= enough, f"{count} more changes", 120)

    def wait_for_marks(self) -> None:
        """Return when all that the topic of events holds now is published, with more after it.

        A store that goes back to an instant before this call is then behind every published mark.
        """
        partitions = [TopicPartition(self.topics.events, one) for one in range(PARTITIONS)]
        with self._asking(self.group) as asked:
            ends = [asked.get_watermark_offsets(one, timeout=60)[1] for one in partitions]

            def passed() -> bool:
                marks = asked.committed(partitions, timeout=60)
                return all(mark.offset > end for mark, end in zip(marks, ends, strict=True))

            wait_until(passed, f"marks past {ends}", 120)

    @contextmanager
    def _asking(self, group: str = "nobody") -> Iterator[Consumer]:
        """Yield a consumer that only asks; a broker that has just started has to be found."""
        settings = {"bootstrap.servers": self.kafka.address, "group.id": group, "log_level": 0}
        with closing(Consumer(settings)) as consumer:
            yield consumer

    def show_journals(self) -> None:
        """Write the ends of what workers have said; pytest shows it where the test has failed."""
        for number, worker in enumerate(self.workers):
            lines = worker.text.splitlines()[-JOURNAL_LINES:]
            print(f"worker {number}:", *lines, sep="\n")  # noqa: T201 (for who reads the failure)

    def close(self) -> None:
        """Kill whoever still works."""
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.signal(signal.SIGCONT)
                worker.kill()

    def changes(self) -> list[dict[str, Any]]:
        """Return all changes that a reader of committed records finds, each with its id."""
        found = committed_records(self.kafka.address, self.topics.changes)
        return [json.loads(record.value) for record in found]

    def expected(self) -> OracleResult:
        """Return what the oracle says of the log: each partition has a time of its own."""
        if self.joining:
            return self._expected_of_joined()
        everything = OracleResult()
        partitions: defaultdict[int, list[bytes]] = defaultdict(list)
        last = 0
        for record in committed_records(self.kafka.address, self.topics.events):
            partitions[record.partition].append(with_append_time(record.value, record.timestamp))
            last = max(last, record.timestamp)
        for lines in partitions.values():
            found = oracle_run(self.documents, lines, last + SETTLED, each_alone=True)
            everything.changes |= found.changes
            everything.members |= found.members
            everything.rejected += found.rejected
        return everything

    def _expected_of_joined(self) -> OracleResult:
        """Return the same where ids join, once the workers have told each other what they should.

        What the last records lead to may still be on its way: they are waited for.
        """
        wait_until(self._told_all, "what the workers tell each other", 180)
        return self.joined()[0]

    def _told_all(self) -> bool:
        _, should, told = self.joined()
        assert told <= should, told - should
        return told == should

    def joined(self) -> tuple[OracleResult, Counter[Told], Counter[Told]]:
        """Return what is to be said, what is to be told, and what has been told."""
        logs: list[list[bytes | Control]] = [[] for _ in range(PARTITIONS)]
        last = 0
        for one in committed_records(self.kafka.address, self.topics.events):
            headers = tuple(one.headers)
            record = Record(one.partition, one.offset, one.value, one.timestamp, one.key, headers)
            logs[one.partition].append(for_oracle(record))
            last = max(last, one.timestamp)
        found, should = oracle_run_of_partitions(self.documents, logs, last + SETTLED)
        controls = [one for log in logs for one in log if isinstance(one, Control)]
        return found, should, Counter((one.kind, one.customer, one.about) for one in controls)

    def judge(self) -> None:
        """Fail unless the workers said what the oracle says, and Redis holds what it comes to."""
        expected = self.expected()
        wanted = sum(map(len, expected.changes.values()))
        wait_until(lambda: self.published() >= wanted, f"{wanted} records in the topic", 180)
        wait_until(lambda: len(self.changes()) >= wanted, f"{wanted} changes in the topic", 180)
        said = self.changes()
        check_told_once(said)
        by_customer: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for change in said:
            by_customer[change["customer_id"]].append(plain(change))
        for who in by_customer | expected.changes:
            assert by_customer[who] == expected.changes.get(who, [])
        rejected = committed_records(self.kafka.address, self.topics.rejected)
        assert len(rejected) == len(expected.rejected)
        self.judge_members(expected)

    def judge_members(self, expected: OracleResult) -> None:
        """Fail unless everybody is told, and kept in Redis, where the oracle says. Ends workers."""
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.stop()
        members = {who: where for who, where in expected.members.items() if where}
        assert self.stored_members() == members
        assert self.told_members() == members

    def told_members(self) -> dict[str, list[str]]:
        """Return who is where by the last word on each in the compacted topic."""
        found: dict[str, list[str]] = {}
        for record in committed_records(self.kafka.address, self.topics.memberships):
            inside = json.loads(record.value)["segments"] if record.value else []
            found[record.key.decode()] = sorted(each["segment"] for each in inside)
        return {who: where for who, where in found.items() if where}

    def stored_members(self) -> dict[str, list[str]]:
        """Return who is where by the profiles in Redis. Fences every worker."""
        rules = compiled(documents_to_yaml(self.documents))
        found: dict[str, list[str]] = {}
        with ExitStack() as stack:
            store = RedisStore(self.redis.url, self.group)
            stack.callback(store.close)
            for partition in range(PARTITIONS):
                codec = ProfileCodec(rules, store.claim(partition, "judge").layouts)
                for who, data in store.load(partition, _everybody(store, partition)).items():
                    profile = codec.decode(who, data)
                    inside = zip(rules.segments, profile.inside, strict=True)
                    found[who] = sorted(
                        segment.tiers[r - 1].membership for segment, r in inside if r
                    )
        return {who: where for who, where in found.items() if where}


def nothing_on_its_way(port: int) -> bool:
    """Whether no connection to a port holds bytes that were sent and not read (as Linux tells)."""
    table = Path("/proc/net/tcp")
    rows = table.read_text(encoding="ascii").splitlines()[1:] if table.exists() else []
    number = f":{port:04X}"
    for row in rows:
        _, local, remote, _, queues, *_ = row.split()
        unsent, unread = queues.split(":")
        if remote.endswith(number) and int(unsent, 16):
            return False
        if local.endswith(number) and int(unread, 16) and not remote.endswith(":0000"):
            return False
    return True


def _everybody(store: RedisStore, partition: int) -> list[str]:
    cursor, found = store.scan(partition, "", 1_000)
    while cursor:
        cursor, more = store.scan(partition, cursor, 1_000)
        found += more
    return found


def check_told_once(changes: Sequence[dict[str, Any]]) -> None:
    """No id twice, and no gap in anybody's sequence."""
    ids = [change["change_id"] for change in changes]
    assert len(ids) == len(set(ids))
    last: defaultdict[str, int] = defaultdict(int)
    for change in changes:
        assert change["sequence"] == last[change["customer_id"]] + 1
        last[change["customer_id"]] += 1
