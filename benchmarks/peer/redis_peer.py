"""The six rules in a loop written by hand: kafka-python reads and writes, Redis keeps the state.

For each event it reads the customer's hash, decides, writes the fields back and publishes what has
changed; after each poll it flushes the producer and commits the offsets. Delivery is at least once.
It has no timers and looks at a customer only when an event comes: what time alone has changed is
said then, with the time of that event, and not at all where the event undoes it.
"""

from typing import Any, cast

import orjson
from arguments import arguments
from kafka import KafkaConsumer, KafkaProducer
from redis import Redis
from shopper import State, new_state, observe

BATCH = 500


def load(stored: dict[bytes, bytes]) -> State:
    """Return the state that a hash holds."""
    if not stored:
        return new_state()
    return cast("State", {name.decode(): orjson.loads(value) for name, value in stored.items()})


def main() -> None:
    """Run until it is ended."""
    given = arguments("The six rules in a loop on Kafka and Redis.")
    consumer = KafkaConsumer(
        given.events_topic,
        bootstrap_servers=given.kafka,
        group_id=given.group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_poll_records=BATCH,
    )
    producer = KafkaProducer(bootstrap_servers=given.kafka, acks="all", linger_ms=20)
    redis: Any = Redis.from_url(given.redis)
    while True:
        for records in consumer.poll(timeout_ms=1_000).values():
            for record in records:
                event = orjson.loads(record.value)
                customer = event["user_id"]
                key = f"{given.group}:{customer}"
                state = load(redis.hgetall(key))
                changes = observe(state, customer, event)
                redis.hset(key, mapping={name: orjson.dumps(it) for name, it in state.items()})
                for change in changes:
                    producer.send(given.changes_topic, orjson.dumps(change), record.key)
        producer.flush()
        consumer.commit()


if __name__ == "__main__":
    main()
