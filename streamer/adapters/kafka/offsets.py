"""Which offsets a partition holds, asked of its leader."""

from confluent_kafka import Consumer, TopicPartition

from streamer.adapters.kafka.failures import translated
from streamer.errors import Unavailable
from streamer.ports import OffsetRange


def held_offsets(consumer: Consumer, topic: str, partition: int, patience: float) -> OffsetRange:
    """Return the offsets that the partition holds; blocks for `patience` seconds at most.

    Raises `Unavailable` where Kafka does not answer.
    """
    with translated(f"ask for the offsets of partition {partition} of {topic}"):
        at = TopicPartition(topic, partition)
        found = consumer.get_watermark_offsets(at, timeout=patience)
    if found is None:
        raise Unavailable(f"Kafka did not say which offsets partition {partition} of {topic} holds")
    return OffsetRange(*found)
