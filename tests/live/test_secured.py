"""A Kafka that asks for TLS and a password: one file of client properties is the key for all."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.cli.shop import START, event, process
from tests.conftest import need
from tests.live.shop import DOCUMENTS, Worker
from tests.servers import KafkaServer, RedisServer
from tests.servers.machine import missing_for_kafka
from tests.strategies import documents_to_yaml
from tests.waiting import wait_until

PASSWORD = "hunter2"  # noqa: S105 (a test's)
PROPERTIES = """\
security.protocol=SASL_SSL
sasl.mechanism=PLAIN
sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
username="shop" password="{password}";
ssl.truststore.type=PEM
ssl.truststore.location={authority}
"""


FUNCTIONS = """\
from pathlib import Path

from streamer.react import Change, Reactions

app = Reactions("{name}", begin="earliest")


@app.on_entered("{segment}", holdout=True)
async def told(change: Change) -> None:
    Path("{folder}", "told").touch()
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that vouches for itself, with its key beside it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    words = f"{openssl} req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
    extra = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run([*words.split(), *extra], cwd=folder, check=True, capture_output=True)  # noqa: S603
    return folder / "cert.pem"


@pytest.fixture(scope="module")
def secured(certificate: Path) -> Iterator[KafkaServer]:
    """A Kafka whose clients must come with TLS, as the user `shop`."""
    need("Kafka", missing_for_kafka())

    def in_one_line(path: Path) -> str:
        return path.read_text(encoding="ascii").replace("\n", "\\n")

    plain = "org.apache.kafka.common.security.plain.PlainLoginModule"
    settings = {
        "listener.security.protocol.map": "CLIENT:SASL_SSL,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.client.plain.sasl.jaas.config": f'{plain} required user_shop="{PASSWORD}";',
        "ssl.keystore.type": "PEM",
        "ssl.keystore.certificate.chain": in_one_line(certificate),
        "ssl.keystore.key": in_one_line(certificate.with_name("key.pem")),
    }
    client = {
        "security.protocol": "SASL_SSL",
        "sasl.mechanisms": "PLAIN",
        "sasl.username": "shop",
        "sasl.password": PASSWORD,
        "ssl.ca.location": str(certificate),
    }
    with KafkaServer(settings, client=client) as server:
        yield server


def way_in(folder: Path, secured: KafkaServer, certificate: Path, password: str) -> list[str]:
    path = folder / "client.properties"
    path.write_text(PROPERTIES.format(password=password, authority=certificate), encoding="utf-8")
    return ["--kafka", secured.address, "--kafka-config", str(path)]


def test_every_command_gets_in_with_the_same_file(
    secured: KafkaServer,
    certificate: Path,
    redis_server: RedisServer,
    own_name: str,
    tmp_path: Path,
) -> None:
    kafka = way_in(tmp_path, secured, certificate, PASSWORD)
    events, rules = tmp_path / "events.jsonl", tmp_path / "rules.yaml"
    events.write_bytes(event(1, time.time_ns() // 1_000_000 - START) + b"\n")
    rules.write_text(documents_to_yaml(DOCUMENTS), encoding="utf-8")
    for words in (["topics", "create", "--partitions", "1"], ["publish", str(events)]):
        done = process(*words, *kafka)
        assert (done.returncode, done.stderr) == (0, b"")
    worker = Worker(
        [
            *(sys.executable, "-m", "streamer", "run", *kafka, "--metrics-port", "0"),
            *("--redis", redis_server.url, "--group", own_name, "--rules", str(rules)),
        ],
        tmp_path / "worker.log",
        dict(os.environ),
    )
    try:

        def changes() -> list[bytes]:
            return process("changes", "--no-follow", *kafka).stdout.splitlines()

        wait_until(lambda: bool(changes()), "a change", 120)
        change = orjson.loads(changes()[0])
        assert change["customer_id"] == "u-1"
        worker.stop()
    finally:
        worker.kill()
    (tmp_path / "functions.py").write_text(
        FUNCTIONS.format(name=own_name, segment=change["segment"], folder=tmp_path),
        encoding="utf-8",
    )
    reactions = Worker(
        [
            *(sys.executable, "-m", "streamer", "react", "run", "functions:app", *kafka),
            *("--redis", redis_server.url, "--metrics-port", "0"),
        ],
        tmp_path / "reactions.log",
        os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"},
    )
    try:
        wait_until((tmp_path / "told").is_file, "a reaction", 120)
        reactions.stop()
    finally:
        reactions.kill()


@pytest.mark.parametrize("words", [["topics", "create"], ["publish", "-"], ["changes"]])
def test_a_wrong_password_is_said_in_one_line_and_not_shown(
    secured: KafkaServer, certificate: Path, tmp_path: Path, words: list[str]
) -> None:
    done = process(*words, *way_in(tmp_path, secured, certificate, "*******"))
    assert done.returncode == 2
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith(f"Error: Kafka at {secured.address} cannot be reached (")
    assert "uthentication failed" in line
    assert "*******" not in line
