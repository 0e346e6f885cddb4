"""A real Kafka: one node that is broker and controller at once (KRaft)."""

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.servers.container import Container
from tests.servers.controls import Controls
from tests.servers.machine import (
    CLASSES,
    JARS,
    KAFKA_VERSION,
    docker_answers,
    java_program,
    missing_for_kafka,
)
from tests.servers.ports import free_port
from tests.servers.process import Process
from tests.waiting import NotInTime, wait_until

IMAGE = f"apache/kafka:{KAFKA_VERSION}"
CLUSTER = "c3RyZWFtZXItdGVzdHMAAA"
JVM = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""A small heap, and a compiler that is quick to start rather than quick in the end."""

START_S = 180

SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "INTERNAL",
    "listener.security.protocol.map": "CLIENT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
    # topics are made by whoever needs them, with the settings that they need
    "auto.create.topics.enable": "false",
    # one node holds the only copy
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # few internal partitions: quick to make, and to load after a restart
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.num.partitions": "1",
    # a group starts with its first member; short sessions, for tests of dying members
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "group.consumer.min.session.timeout.ms": "1000",
    "group.consumer.min.heartbeat.interval.ms": "100",
    # after a kill -9 the node is let in again when its last session is over
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
}

LOG4J = """\
Configuration:
  Appenders:
    Console: {name: OUT, PatternLayout: {pattern: "%d %p %m (%c)%n"}}
  Loggers:
    Root: {level: INFO, AppenderRef: {ref: OUT}}
    Logger:
      - {name: org.apache.kafka.common.config.AbstractConfig, level: WARN}
"""


class KafkaServer(Controls):
    """One Kafka, at the same address and with the same data from `start` to `close`.

    `settings` are broker settings, added to those above or put in their place; `client` are those
    that a client needs then to get in. A context manager: entering starts it, leaving kills it and
    removes its data.
    """

    def __init__(
        self,
        settings: Mapping[str, str] | None = None,
        port: int | None = None,
        java_options: Sequence[str] = (f"-XX:SharedArchiveFile={CLASSES}", "-Xshare:auto"),
        client: Mapping[str, str] | None = None,
    ) -> None:
        missing = missing_for_kafka()
        if missing:
            raise RuntimeError(f"Kafka cannot run here: {missing}")
        self.port = port or free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="streamer-kafka-"))
        self._file = self._folder / "server.properties"
        self._data = self._folder / "data"
        self._settings = SETTINGS | dict(settings or {})
        self._java_options = java_options
        self._client = dict(client or {})
        self._server = self._container() if docker_answers() else self._process()

    @property
    def address(self) -> str:
        """What clients take as bootstrap servers: host and port."""
        return f"127.0.0.1:{self.port}"

    def _write_settings(self, listen: str, inner: str, controller: str) -> None:
        settings = self._settings | {
            "listeners": f"CLIENT://{listen},INTERNAL://{inner},CONTROLLER://{controller}",
            "advertised.listeners": f"CLIENT://{self.address},INTERNAL://{inner}",
            "controller.quorum.voters": f"1@{controller}",
        }
        lines = "".join(f"{name}={value}\n" for name, value in settings.items())
        self._file.write_text(lines, encoding="utf-8")

    def _container(self) -> Container:
        self._write_settings("0.0.0.0:9092", "localhost:19092", "localhost:9093")
        self._folder.chmod(0o755)  # the image's own user reads it
        return Container(
            IMAGE,
            (),
            folder=self._folder,
            mounts={self._folder: "/mnt/shared/config"},
            inner_port=9092,
            port=self.port,
        )

    def _process(self) -> Process:
        self._settings["log.dirs"] = str(self._data)
        own = [f"127.0.0.1:{free_port()}" for _ in range(2)]
        self._write_settings(self.address, *own)
        (self._folder / "log4j2.yaml").write_text(LOG4J, encoding="utf-8")
        return Process(self._java("kafka.Kafka", str(self._file)), self._folder)

    def _java(self, *words: str) -> list[str]:
        log = f"-Dlog4j2.configurationFile={self._folder / 'log4j2.yaml'}"
        return [str(java_program()), *JVM, *self._java_options, log, "-cp", f"{JARS}/*", *words]

    def _make_data(self) -> None:
        """Make the data folder of a process; the container's image does it by itself."""
        words = ("kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(self._file))
        done = subprocess.run(  # noqa: S603 (our own command)
            self._java(*words), capture_output=True, text=True, check=False, timeout=START_S
        )
        if done.returncode:
            raise RuntimeError(f"Kafka's data folder was not made:\n{done.stdout}\n{done.stderr}")

    def start(self) -> None:
        """Start it; return when it answers.

        Raises:
            RuntimeError: it did not; the message holds the end of its log.
        """
        if isinstance(self._server, Process) and not self._data.exists():
            self._make_data()
        self._server.start()
        client = AdminClient(
            {
                "bootstrap.servers": self.address,
                "reconnect.backoff.ms": 50,
                "reconnect.backoff.max.ms": 100,
                "log_level": 0,
                **self._client,
            }
        )
        try:
            wait_until(lambda: self._answers(client), "Kafka answers", START_S)
        except NotInTime as error:
            raise RuntimeError(f"Kafka did not start:\n{self._server.last_words()}") from error

    def _answers(self, client: AdminClient) -> bool:
        if not self._server.is_alive():
            raise NotInTime("Kafka ended")
        try:
            return bool(client.list_topics(timeout=1).brokers)
        except KafkaException:
            return False

    def close(self) -> None:
        """Kill it and remove its data."""
        self._server.close()
