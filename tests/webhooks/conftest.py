"""Webhooks for the tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import KafkaServer
from tests.webhooks.hooks import Hooks
from tests.webhooks.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver for one test."""
    with Receiver() as found:
        yield found


@pytest.fixture
def hooks(kafka: KafkaServer, tmp_path: Path) -> Iterator[Hooks]:
    """A process for one test, not started yet."""
    with Hooks(kafka, tmp_path) as found:
        yield found
