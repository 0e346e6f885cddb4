"""A reader of one topic that remembers what it has read: tests look at a topic many times."""

from typing import Any

from kafka import KafkaConsumer, TopicPartition

from tests.waiting import wait_until


class TopicReader:
    """Reads all partitions of a topic, by a client that the collector does not use."""

    def __init__(self, address: str, topic: str) -> None:
        self._topic = topic
        self._consumer = KafkaConsumer(
            bootstrap_servers=address,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_wait_ms=50,
        )
        found = self._consumer.partitions_for_topic(topic)
        self._partitions = [TopicPartition(topic, number) for number in found]
        self._consumer.assign(self._partitions)
        self._records: list[Any] = []

    def read(self) -> list[Any]:
        """Return every record up to the end that the topic has now."""
        ends = self._consumer.end_offsets(self._partitions)

        def complete() -> bool:
            for records in self._consumer.poll(timeout_ms=20).values():
                self._records.extend(records)
            return all(self._consumer.position(each) >= ends[each] for each in self._partitions)

        wait_until(complete, f"the end of {self._topic}")
        return self._records

    def close(self) -> None:
        self._consumer.close()
