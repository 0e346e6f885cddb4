"""Real servers for the tests that ask for them, and how Hypothesis works on every machine.

    kafka, redis_server    shared by the whole session: a test uses names of its own (`own_name`)
    own_kafka, own_redis   one test's own, to kill, pause and rewind

Where a server cannot be had, its tests are skipped, and the last lines of the run say so; with
`CI=true` they fail.
"""

import os
import re
import signal
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.servers import KafkaServer, RedisServer
from tests.servers.machine import missing_for_kafka, missing_for_redis

CANNOT_RUN = "cannot run here"

# A busy machine is no mistake of ours: how long one example takes proves nothing.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


def pytest_configure() -> None:
    """Let Ctrl-C reach the commands that tests start, also where a shell has us ignore it.

    A shell does so with what it starts in the background, and what we ignore our children do too.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name cases of bytes by their argument and place: bytes that are made may hold the clock.

    gzip writes the second into its header. Processes that run tests beside each other must collect
    the same names.
    """
    return argname if isinstance(val, bytes) else None


def need(server: str, missing: str | None) -> None:
    """Skip the test where a server is missing; fail it in CI."""
    if missing is None:
        return
    reason = f"{server} {CANNOT_RUN}: {missing}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def kafka() -> Iterator[KafkaServer]:
    """A Kafka for everybody: it runs all the time."""
    need("Kafka", missing_for_kafka())
    with KafkaServer() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis for everybody: it runs all the time, with its usual settings."""
    need("Redis", missing_for_redis())
    with RedisServer() as server:
        yield server


@pytest.fixture
def own_kafka() -> Iterator[KafkaServer]:
    """A Kafka for one test."""
    need("Kafka", missing_for_kafka())
    with KafkaServer() as server:
        yield server


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A Redis for one test."""
    need("Redis", missing_for_redis())
    with RedisServer() as server:
        yield server


@pytest.fixture
def own_name(request: pytest.FixtureRequest) -> str:
    """A name that nothing else has, for topics, groups and keys on a shared server."""
    test = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:60].strip("-")
    return f"{test}-{uuid.uuid4().hex[:8]}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say aloud how many tests did not run for want of a server."""
    reasons = [
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple) and CANNOT_RUN in report.longrepr[2]
    ]
    for reason in sorted(set(reasons)):
        line = f"{reasons.count(reason)} TESTS ON REAL SERVERS DID NOT RUN: {reason}"
        terminalreporter.write_line(line, red=True, bold=True)
