"""What the hot lane costs and how fast it is, on a real Kafka and a real Redis on this machine.

    python benchmarks/live.py [cost] [rate] [timed] [wakes] [--seconds N]

Without a name all parts are measured, each on servers of its own. `cost`: one worker goes through
the events of `load`, exactly as `streamer run` does, with consumer group, fenced commits and
transactions. Its figures are CPU time of this process with all its threads, librdkafka's included,
so that a busy machine disturbs them little. The bare loop polls the same topic and parses its JSON,
which any program must do. The topic keeps the times of the events, and not those at which they were
written down here: each event carries its append time, so that a month of shopping is a month here.

`rate`: the largest rate at which the lag does not grow, for one and for two workers; how long
changes take at half of it (`open_loop`); how long the lag lasts after kill -9 of one, ten times.
`timed`: how long after they are true changes by time alone can be read, with a lateness of 2 s.
`wakes`: how long changes take while a million customers turn silent in the same instant. These
depend on the machine, which also runs both servers, the storefront and the watcher.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import orjson
from confluent_kafka import Consumer, Producer, TopicPartition
from redis import Redis

sys.path.extend(map(str, Path(__file__).parents[:2]))

from load import CUSTOMERS, lines
from open_loop import event, quantiles, sending, watching

from streamer.adapters.kafka import Connection, KafkaFeed, KafkaSink, Topics
from streamer.adapters.redis import RedisStore
from streamer.app.inputs import load_rules
from streamer.app.live import Adapters, Live, new_instance
from streamer.cli.garbage import look_rarely
from streamer.worker import Batching
from tests.adapters.kafka.topics import APPEND_TIME, create_topic
from tests.servers import KafkaServer, RedisServer
from tests.waiting import wait_until

RULES: Final = Path(__file__).parent / "rules.yaml"
GROUP: Final = "bench"
TOPICS: Final = Topics()
BATCH: Final = 2_000
PARTITIONS: Final = 4
RATES: Final = (2_000, 4_000, 6_000, 8_000, 10_000, 12_500, 15_000, 17_500, 20_000, 25_000, 30_000)
SETTLE_S: Final = 10
KEEPS_UP_S: Final = 1.0
"""A lag of fewer events than come in so many seconds is none."""
KILLS: Final = 10
CALM: Final = 500
"""Events a second that leave a worker idle."""
SHORT_S: Final = 2
QUIET: Final = """\
segment: silent
title: Silent for a while
purpose: A wake for everybody.
when: {all: [{performed: any, within: 1d}, {quiet: %ds}]}
"""
NANO: Final = 1e9


class Endless(KafkaFeed):
    """A feed that is never at its end, so that events alone make log time go on."""

    def caught_up(self, partition: int, offset: int) -> bool:  # noqa: ARG002
        """Say no."""
        return False


class Silent:
    """A journal that nobody reads."""

    def say(self, event: str, level: str = "info", /, **facts: object) -> None:
        """Write nothing."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What the hot lane costs, and how fast it is.")
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help="cost, rate, timed, wakes; all of them"
    )
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--seconds", type=int, default=60, help="how long each rate is tried")
    parser.add_argument("--rates", type=int, nargs="+", default=RATES)
    parser.add_argument("--wakes", type=int, default=1_000_000)
    chosen = parser.parse_args()
    parts = chosen.parts or ["cost", "rate", "timed", "wakes"]
    if "cost" in parts:
        cost(chosen.customers)
    if "rate" in parts:
        for workers in (1, 2):
            rate(workers, chosen.rates, chosen.seconds, chosen.customers)
    if "timed" in parts:
        timed(chosen.seconds)
    if "wakes" in parts:
        wakes(chosen.wakes, chosen.seconds)


def cost(customers: int) -> None:
    """Measure what the worker and Redis spend on each event."""
    with KafkaServer() as kafka, RedisServer() as redis:
        events = fill(kafka.address, customers)
        print(
            f"{events:,} events of {customers:,} customers, {PARTITIONS} partitions, one worker; "
            "µs of CPU per event"
        )
        bare = poll_and_parse(kafka.address, events) / events
        row("bare loop: poll and parse", bare, bare)
        work(kafka.address, redis.url, events, customers, bare)


def fill(address: str, customers: int) -> int:
    """Make the topics and publish the events; return how many."""
    make_topics(address, {})
    producer = Producer({"bootstrap.servers": address, "linger.ms": 20, "batch.size": 1_000_000})
    events = 0
    for line in lines(customers):
        facts = orjson.loads(line)
        value = orjson.dumps(facts | {"appended": facts["time"]})
        produce(producer, facts["user_id"], value)
        events += 1
    producer.flush()
    return events


def produce(producer: Producer, customer: str, value: bytes) -> None:
    """Hand an event to the producer, waiting while it holds enough."""
    while True:
        try:
            producer.produce(TOPICS.events, value, customer)
        except BufferError:
            producer.poll(0.1)
        else:
            return


def make_topics(address: str, of_events: dict[str, str]) -> None:
    """Make the four topics, with settings for that of the events."""
    create_topic(address, TOPICS.events, PARTITIONS, of_events)
    for topic in (TOPICS.changes, TOPICS.memberships, TOPICS.rejected):
        create_topic(address, topic, PARTITIONS)


def poll_and_parse(address: str, events: int) -> float:
    """Return the CPU seconds of a consumer that only parses what it polls."""
    consumer = Consumer(
        {"bootstrap.servers": address, "group.id": "bare", "auto.offset.reset": "earliest"}
    )
    with closing(consumer):
        consumer.subscribe([TOPICS.events])
        seen = 0
        before = time.process_time()
        while seen < events:
            messages = consumer.consume(BATCH, 1.0)
            for message in messages:
                orjson.loads(message.value() or b"")
            seen += len(messages)
        return time.process_time() - before


def work(address: str, url: str, events: int, customers: int, bare: float) -> None:
    """Let a worker go through the topic and print what it cost."""
    look_rarely()
    connection, instance = Connection(address), new_instance(GROUP)

    def connect() -> Adapters:
        store = RedisStore(url, GROUP)
        feed = Endless(connection, TOPICS.events, GROUP)
        sink = KafkaSink(connection, TOPICS, GROUP, instance, lambda: feed.membership)
        return Adapters(feed, store, sink, feed.close)

    batching = Batching(batch=BATCH, wakes=BATCH, in_order=False)
    live = Live(lambda: load_rules([str(RULES)]).compiled, connect, batching, Silent(), instance)

    def stop_at_the_end() -> None:
        while sum(live.readings().records.values()) < events:
            time.sleep(0.02)
        live.stop()

    with closing(Redis.from_url(url)) as server:
        before = redis_cpu(server)
        threading.Thread(target=stop_at_the_end, daemon=True).start()
        started = time.monotonic()
        live.run()
        took = time.monotonic() - started
        readings = live.readings()
        stages = {stage: spent / NANO for stage, spent in readings.spent.items()}
        for stage, spent in stages.items():
            row(stage, spent / events, bare)
        row("the worker in all", sum(stages.values()) / events, bare)
        row("Redis", (redis_cpu(server) - before) / events, bare)
        kept: Counter[str] = Counter()
        for key in server.scan_iter():
            kept[key.decode().rpartition(":")[2]] += server.memory_usage(key, samples=0) or 0
        per_customer = {name: size / customers for name, size in kept.items()}
        print(
            f"changes per event {sum(readings.changes.values()) / events:.2f}; "
            f"{events / took:,.0f} events a second of wall time\n"
            f"Redis holds {sum(per_customer.values()):.0f} bytes per customer: "
            + ", ".join(f"{name} {size:.0f}" for name, size in sorted(per_customer.items()))
        )


def row(name: str, seconds: float, bare: float) -> None:
    """Print the cost of one event, and how many times that of the bare loop it is."""
    print(f"  {name:<28} {seconds * 1e6:6.2f}   {seconds / bare:5.2f} x")


def redis_cpu(server: Redis) -> float:
    """Return the CPU seconds that Redis has spent so far."""
    facts = server.info("cpu")
    return float(facts["used_cpu_user"]) + float(facts["used_cpu_sys"])


def rate(workers: int, rates: Sequence[int], seconds: int, customers: int) -> None:
    """Find the largest rate that the workers keep up with; measure delays at half of it."""
    with live_system([RULES], workers) as system:
        sustained = 0
        for each in rates:
            if not keeps_up(system, each, seconds, customers):
                break
            sustained = each
        print(f"{workers} worker(s): keeps up with {sustained:,} events a second")
        system.wait_until_read()
        half = sustained // 2
        with watching(system.address, TOPICS.changes) as delays:
            with sending(system.address, TOPICS.events, half, customers):
                time.sleep(seconds)
            time.sleep(SETTLE_S)
        print(f"  at {half:,} a second, from sending to readable: {quantiles(delays.caused)}")
        if workers > 1:
            calm = sustained // (2 * workers)  # who is left must catch up, too
            lasted = [recovery(system, calm, customers) for _ in range(KILLS)]
            print(
                f"  kill -9 of one of them at {calm:,} a second, {KILLS} times: no lag after "
                f"{min(lasted):.1f} to {max(lasted):.1f} s"
            )


def recovery(system: "System", rate_: int, customers: int) -> float:
    """Kill a worker at a rate; return the seconds until there is no lag. Another one is started."""
    little = rate_ * KEEPS_UP_S
    with sending(system.address, TOPICS.events, rate_, customers):
        time.sleep(SETTLE_S)
        wait_until(lambda: system.lag() < little, "no lag before", 300)
        killed = time.monotonic()
        system.workers.pop(0).kill()
        wait_until(lambda: system.lag() > little, "a lag", 60)
        wait_until(lambda: system.lag() < little, "no lag", 300)
        lasted = time.monotonic() - killed
    system.start()
    return lasted


def keeps_up(system: "System", each: int, seconds: int, customers: int) -> bool:
    """Say whether the lag is small at the end of so many seconds at a rate."""
    with sending(system.address, TOPICS.events, each, customers):
        time.sleep(seconds)
        lag = max(system.lag() for _ in range(5))
    print(
        f"  {len(system.workers)} worker(s) at {each:,} a second: a lag of {lag:,} events",
        flush=True,
    )
    return lag < each * KEEPS_UP_S


def timed(seconds: int) -> None:
    """Measure how long after they are true changes by time alone can be read."""
    with live_system([RULES, silence_of(SHORT_S)], 1) as system:
        with (
            watching(system.address, TOPICS.changes) as delays,
            sending(system.address, TOPICS.events, CALM, CUSTOMERS),
        ):
            time.sleep(seconds)
        print(f"changes by time alone, after they are true: {quantiles(delays.timed)}")


def wakes(customers: int, seconds: int) -> None:
    """Measure delays while nothing special happens, then while everybody turns silent at once."""
    silence = 60 + customers // 3_000
    with live_system([RULES, silence_of(silence)], 1) as system:
        started = time.time()
        producer = Producer({"bootstrap.servers": system.address, "linger.ms": 20})
        chance = random.Random(1)
        for number in range(customers):
            customer = f"silent-{number:07}"
            produce(producer, customer, event(f"{number}", started, customer, chance))
        producer.flush()
        system.wait_until_read()
        left = started + silence - time.time()
        print(f"{customers:,} customers wait to be silent, in {left:.0f} s")
        for what, until in (
            ("before", started + silence - 5),
            ("while they turn silent", started + silence + seconds),
        ):
            with (
                watching(system.address, TOPICS.changes) as delays,
                sending(system.address, TOPICS.events, CALM, CUSTOMERS),
            ):
                time.sleep(max(0, until - time.time()))
            print(f"  {what}, from sending to readable: {quantiles(delays.caused)}")
            print(f"  changes by time alone, after they are true: {quantiles(delays.timed)}")


def silence_of(seconds: int) -> Path:
    """Write a rule that asks for so much silence; return its file."""
    path = Path(tempfile.mkdtemp()) / "silent.yaml"
    path.write_text(QUIET % seconds, encoding="utf-8")
    return path


class System:
    """Servers and workers as processes."""

    def __init__(
        self, kafka: KafkaServer, redis: RedisServer, rules: Sequence[Path], options: Sequence[str]
    ) -> None:
        self.address, self._url, self._rules = kafka.address, redis.url, rules
        self._options = options
        self.workers: list[subprocess.Popen[bytes]] = []
        self._reader = Consumer({"bootstrap.servers": kafka.address, "group.id": GROUP})

    def start(self) -> None:
        """Start one more worker."""
        command = [sys.executable, "-m", "streamer", "run", "--metrics-port", "0"]
        command += ["--kafka", self.address, "--redis", self._url, "--group", GROUP]
        command += self._options
        for path in self._rules:
            command += ["--rules", str(path)]
        self.workers.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))  # noqa: S603

    def stop(self) -> None:
        """Stop the workers."""
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.wait()
        self._reader.close()

    def lag(self) -> int:
        """Return how many events are in the topic beyond what was committed and told."""
        partitions = [TopicPartition(TOPICS.events, number) for number in range(PARTITIONS)]
        told = [max(each.offset, 0) for each in self._reader.committed(partitions, 10)]
        ends = [self._reader.get_watermark_offsets(each, 10)[1] for each in partitions]
        return sum(ends) - sum(told)

    def wait_until_read(self) -> None:
        """Return once there is hardly a lag: marks of partitions with no news come now and then."""
        wait_until(lambda: self.lag() < BATCH, "no lag", 600)


@contextmanager
def live_system(
    rules: Sequence[Path], workers: int, options: Sequence[str] = ()
) -> Iterator[System]:
    """Start both servers and the workers, with further options."""
    with KafkaServer() as kafka, RedisServer() as redis:
        make_topics(kafka.address, APPEND_TIME)
        system = System(kafka, redis, rules, options)
        try:
            for _ in range(workers):
                system.start()
            time.sleep(SETTLE_S)
            yield system
        finally:
            system.stop()


if __name__ == "__main__":
    main()
