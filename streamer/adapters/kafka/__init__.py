"""Kafka: the feed that a worker reads, the sink that it publishes to, and the topics of both.

connection   where Kafka is and how to get in: the settings that all clients share
topics       the four topics, what a worker needs of them, and what it says when they are wrong
feed         the events, delivered to the members of a group (confluent-kafka)
sink         changes, memberships and rejections, published in transactions (confluent-kafka)
marks        the mark of what is published, beside the group's offset
messages     what stands in the key, the value and the headers of what is published
bounded      calls that may never return
failures     Kafka's errors as ours
"""

from streamer.adapters.kafka.connection import Connection
from streamer.adapters.kafka.feed import KafkaFeed
from streamer.adapters.kafka.sink import KafkaSink
from streamer.adapters.kafka.topics import Topics, check_topics

__all__ = ["Connection", "KafkaFeed", "KafkaSink", "Topics", "check_topics"]
