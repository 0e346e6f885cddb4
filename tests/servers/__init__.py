"""Real servers for the tests, the benchmarks and by hand: Kafka and Redis.

    kafka, redis      one server each: start, stop, kill, pause, resume, restart, and its address
    process           a server as a process of this machine
    container         the same as a container, through testcontainers, where Docker answers
    machine           what this machine has
    get               gets what it has not: ``python -m tests.servers.get``
    jars              which jars Kafka is, with their hashes
    ports             free ports that stay free while a server is down

``python -m tests.servers`` starts both and stops them on Ctrl-C. The fixtures are in
``tests/conftest.py``.
"""

from tests.servers.kafka import KafkaServer
from tests.servers.redis import RedisServer

__all__ = ["KafkaServer", "RedisServer"]
