"""Collectors for the tests."""

from collections.abc import Iterator

import pytest

from tests.collect.site import Site
from tests.servers import KafkaServer


@pytest.fixture(scope="module")
def site(kafka: KafkaServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One collector for all tests of a file: each uses ids of its own."""
    site = Site(kafka, tmp_path_factory.mktemp("collector"))
    yield site
    site.close()


@pytest.fixture
def own_site(own_kafka: KafkaServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A collector and a Kafka for one test, to kill."""
    site = Site(own_kafka, tmp_path_factory.mktemp("collector"))
    yield site
    print(site.text)  # noqa: T201 (pytest shows it where the test has failed)
    site.close()
