"""A real Kafka starts, answers a client that the fixture does not use, and keeps its data."""

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from tests.servers import KafkaServer
from tests.waiting import NotInTime, wait_until


def create(kafka: KafkaServer, topic: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=kafka.address)
    admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    admin.close()


def publish(kafka: KafkaServer, topic: str, *values: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka.address, acks="all")
    for value in values:
        producer.send(topic, value).get(30)
    producer.close()


def read(kafka: KafkaServer, topic: str, count: int) -> list[bytes]:
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=kafka.address,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    values: list[bytes] = []

    def enough() -> bool:
        for records in consumer.poll(timeout_ms=100).values():
            values.extend(record.value for record in records)
        return len(values) >= count

    wait_until(enough, f"{count} records in {topic}")
    consumer.close()
    return values


def answers(kafka: KafkaServer) -> bool:
    client = AdminClient({"bootstrap.servers": kafka.address, "log_level": 0})
    try:
        return bool(client.list_topics(timeout=0.5).brokers)
    except KafkaException:
        return False


def test_what_is_published_can_be_read(kafka: KafkaServer, own_name: str) -> None:
    create(kafka, own_name)
    publish(kafka, own_name, b"one", b"two")
    assert read(kafka, own_name, 2) == [b"one", b"two"]


def test_a_kill_and_a_restart_keep_address_and_data(own_kafka: KafkaServer) -> None:
    create(own_kafka, "events")
    publish(own_kafka, "events", b"before the kill")
    address = own_kafka.address
    own_kafka.kill()
    assert not answers(own_kafka)
    own_kafka.start()
    publish(own_kafka, "events", b"before the restart")
    own_kafka.restart()
    assert own_kafka.address == address
    assert read(own_kafka, "events", 2) == [b"before the kill", b"before the restart"]


def test_a_paused_one_answers_when_it_is_resumed(own_kafka: KafkaServer) -> None:
    own_kafka.pause()
    assert not answers(own_kafka)
    own_kafka.resume()
    wait_until(lambda: answers(own_kafka), "Kafka answers again")


@pytest.mark.usefixtures("kafka")  # skipped where there is none
def test_one_that_cannot_start_says_why() -> None:
    with (
        pytest.raises(RuntimeError, match=r"process\.roles"),
        KafkaServer({"process.roles": "pilot"}),
    ):
        pass


def test_waiting_ends() -> None:
    with pytest.raises(NotInTime, match=r"not within 0\.02 s: pigs fly"):
        wait_until(lambda: False, "pigs fly", 0.02)
