"""What a view follows: a Kafka that hangs is not one where nothing happens."""

from streamer.adapters.kafka import Connection
from streamer.adapters.kafka.tail import KafkaTail
from tests.servers import KafkaServer
from tests.waiting import wait_until

from .topics import append, create_all


def test_a_kafka_that_hangs_is_away_until_it_is_heard_again(own_kafka: KafkaServer) -> None:
    topics = create_all(own_kafka.address)
    with KafkaTail(Connection(own_kafka.address), topics, {}) as tail:

        def is_away() -> bool:
            tail.poll()
            return tail.away is not None

        for _ in range(20):
            assert not is_away()
        own_kafka.pause()
        wait_until(is_away, "the silence is noticed")
        own_kafka.resume()
        wait_until(lambda: not is_away(), "it is heard, although nothing comes")
        append(own_kafka.address, topics.rejected, [b"{}"])
        wait_until(lambda: bool(tail.poll().rejected), "what is appended then")
