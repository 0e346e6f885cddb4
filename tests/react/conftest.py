"""Reactions for the tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.react.service import Service
from tests.servers import KafkaServer, RedisServer

Make = Callable[[str], Service]


@pytest.fixture
def service(kafka: KafkaServer, redis_server: RedisServer, tmp_path: Path) -> Iterator[Make]:
    """Make a service of functions, not started yet; it is ended with the test."""
    made: list[Service] = []

    def make(functions: str) -> Service:
        made.append(Service(kafka, redis_server, tmp_path, functions))
        return made[-1]

    yield make
    for each in made:
        print(each.text)  # noqa: T201 (pytest shows it where the test has failed)
        each.close()
