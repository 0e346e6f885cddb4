"""What the libraries cost in a cycle that decides nothing: the least that a worker can take.

    python benchmarks/bare_cycle.py [--customers N]

It goes through the events of `load` as the worker does: polls them, parses and checks each in one
typed pass, writes a profile and a wake for each customer of a batch in one script per partition,
hands as many changes and memberships to the producer as the reference rules make, of the usual
size, and commits the transaction with the offsets. Everything that the worker would work out is the
same constant each time. CPU time of the process with all its threads, beside the bare loop of
`live`.
"""

import argparse
import gc
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec
from confluent_kafka import Consumer, Producer, TopicPartition
from redis import Redis

sys.path.extend(map(str, Path(__file__).parents[:2]))

from live import BATCH, NANO, PARTITIONS, TOPICS, fill, poll_and_parse, redis_cpu, row
from load import CUSTOMERS

from streamer.adapters.redis.client import Client
from streamer.codecs.typed import read_typed
from streamer.worker import Stopwatch
from tests.servers import KafkaServer, RedisServer

CHANGES: Final = 53
MEMBERSHIPS: Final = 43
"""For a hundred events."""
CHANGE: Final = b"x" * 512
MEMBERSHIP: Final = b"x" * 175
PROFILE: Final = b"x" * 300
COMMIT: Final = """
local kept, awake, size = {}, {}, tonumber(ARGV[4])
for i, customer in ipairs(cmsgpack.unpack(ARGV[1])) do
  kept[2 * i - 1], kept[2 * i] = customer, string.sub(ARGV[2], (i - 1) * size + 1, i * size)
  awake[2 * i - 1], awake[2 * i] = i, customer
end
for i = 1, #kept, 1000 do
  redis.call('HSET', KEYS[1], unpack(kept, i, math.min(i + 999, #kept)))
  redis.call('ZADD', KEYS[2], unpack(awake, i, math.min(i + 999, #awake)))
end
redis.call('SET', KEYS[3], ARGV[3])
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    customers = parser.parse_args().customers
    with (
        KafkaServer() as kafka,
        RedisServer() as redis,
        closing(Redis.from_url(redis.url)) as server,
    ):
        events = fill(kafka.address, customers)
        bare = poll_and_parse(kafka.address, events) / events
        row("bare loop: poll and parse", bare, bare)
        gc.disable()
        before = redis_cpu(server)
        spent = cycles(kafka.address, server, events)
        for stage, nanos in spent.items():
            row(stage, nanos / NANO / events, bare)
        row("the bare cycle in all", sum(spent.values()) / NANO / events, bare)
        row("Redis", (redis_cpu(server) - before) / events, bare)


def cycles(address: str, server: Client, events: int) -> Mapping[str, int]:
    """Take all events through; return the CPU time of each stage, in ns."""
    consumer = Consumer(
        {
            "bootstrap.servers": address,
            "group.id": "cycle",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    producer = Producer(
        {
            "bootstrap.servers": address,
            "transactional.id": "cycle",
            "linger.ms": 100,
            "delivery.report.only.error": True,
        }
    )
    pack = msgspec.msgpack.Encoder().encode
    producer.init_transactions()
    consumer.subscribe([TOPICS.events])
    seen = 0
    watch = Stopwatch(time.process_time_ns)
    lap = watch.lap
    with closing(consumer):
        while seen < events:
            messages = consumer.consume(BATCH, 1.0)
            values = [message.value() or b"" for message in messages]
            ends = {message.partition() or 0: message.offset() or 0 for message in messages}
            lap("poll")
            whose = [str(read_typed(value).user_id) for value in values]
            lap("decode")
            producer.begin_transaction()
            for number, customer in enumerate(whose):
                if number % 100 < CHANGES:
                    producer.produce(TOPICS.changes, CHANGE, customer, 0)
                if number % 100 < MEMBERSHIPS:
                    producer.produce(TOPICS.memberships, MEMBERSHIP, customer, 0)
            lap("produce")
            moved = list(dict.fromkeys(whose))
            for partition in range(PARTITIONS):
                part = moved[partition::PARTITIONS]
                keys = [f"{{cycle:{partition}}}:{name}" for name in ("profiles", "wakes", "outbox")]
                told = CHANGE * (len(part) * CHANGES // 100)
                words = (pack(part), PROFILE * len(part), told, len(PROFILE))
                server.execute_command("EVAL", COMMIT, len(keys), *keys, *words)
            lap("commit")
            if ends:
                offsets = [TopicPartition(TOPICS.events, it, at + 1) for it, at in ends.items()]
                membership = consumer.consumer_group_metadata()
                producer.send_offsets_to_transaction(offsets, membership)
            producer.commit_transaction()
            lap("transaction")
            seen += len(messages)
    return watch.spent


if __name__ == "__main__":
    main()
