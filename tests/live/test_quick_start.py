"""The commands of the README's live system, run as they stand and together, on own servers."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from tests.adapters.kafka.topics import committed_records
from tests.servers import KafkaServer, RedisServer
from tests.servers.ports import free_port
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LIVE = README.partition("## The live system")[2].partition("\n## ")[0]
COMMANDS = re.findall(r"^    (streamer .+?)(?:\s{2,}#.*)?$", LIVE, re.MULTILINE)
IN_DOCKER = re.findall(r"^    docker compose (.+)$", LIVE, re.MULTILINE)


@pytest.fixture
def environment(own_kafka: KafkaServer, own_redis: RedisServer) -> dict[str, str]:
    """Where the servers are, as `make servers` says it."""
    return os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "STREAMER_KAFKA": own_kafka.address,
        "STREAMER_REDIS": own_redis.url,
        "STREAMER_METRICS_PORT": str(free_port()),
    }


@contextmanager
def terminal(line: str, environment: dict[str, str], output: Path) -> Iterator[None]:
    """Run a line as in a terminal of its own, and press Ctrl-C there at the end."""
    with (
        output.open("wb") as file,
        subprocess.Popen(  # noqa: S602 (the README's own line)
            line,
            shell=True,
            cwd=ROOT,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield
            assert process.poll() is None, output.read_text()
        finally:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise


def test_changes_come_out_of_it(environment: dict[str, str], tmp_path: Path) -> None:
    create, run, storefront, changes = COMMANDS
    subprocess.run(shlex.split(create), env=environment, check=True, timeout=120)  # noqa: S603 (ours)
    said = {name: tmp_path / name for name in ("worker", "storefront", "changes")}

    def seen() -> list[bytes]:
        return [line for line in said["changes"].read_bytes().splitlines() if line[:1] == b"{"]

    with (
        terminal(changes, environment, said["changes"]),
        terminal(run, environment, said["worker"]),
        terminal(storefront, environment, said["storefront"]),
    ):
        wait_until(lambda: len(seen()) > 1, "changes are seen", 180)
    assert {orjson.loads(line)["direction"] for line in seen()[:2]} <= {"entered", "exited"}
    assert "stopped" in said["worker"].read_text()
    assert "events published to storefront.events" in said["storefront"].read_text()
    assert committed_records(environment["STREAMER_KAFKA"], "storefront.rejected") == []


def test_with_docker_it_is_the_same_command_line() -> None:
    assert ["up --build", f"exec worker {COMMANDS[-1]}"] == IN_DOCKER
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert COMMANDS[2] in compose
    assert re.search(r"^  worker:$", compose, re.MULTILINE)
