"""Real clusters on this machine: three Kafka brokers, and a Redis Cluster of three pairs.

They run as processes only, also where there is a Docker engine: nodes have to reach each other at
the address that clients use.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final

from redis.crc import key_slot
from redis.exceptions import RedisError

from tests.servers.controls import Startable
from tests.servers.kafka import KafkaServer
from tests.servers.machine import JARS, docker_answers, java_program, redis_program
from tests.servers.ports import free_port, is_free
from tests.servers.redis import RedisServer
from tests.waiting import wait_until

BROKERS: Final = 3
PAIRS: Final = 3
SLOTS: Final = 16_384
BUS: Final = 10_000
"""The nodes of a Redis Cluster talk to each other at ports so much higher."""
REPLICATED: Final = {
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
    "min.insync.replicas": "2",
}


def missing_for_clusters() -> str | None:
    """Return what keeps the clusters from running here, or None where nothing does."""
    if docker_answers():
        return "they run as processes, and here servers are containers"
    if java_program() is None or not JARS.is_dir() or redis_program() is None:
        return "Kafka or Redis is missing (make servers gets them)"
    return None


class Broker(KafkaServer):
    """One of several brokers; `voters` are the controllers of all by number."""

    def __init__(self, number: int, voters: dict[int, str]) -> None:
        self._voters = voters
        self._controller = voters[number]
        super().__init__({"node.id": str(number), **REPLICATED})

    def _write_settings(self, listen: str, inner: str, controller: str) -> None:
        super()._write_settings(listen, inner, self._controller)
        voters = ",".join(f"{number}@{place}" for number, place in self._voters.items())
        text = self._file.read_text(encoding="utf-8")
        own = f"controller.quorum.voters=1@{self._controller}\n"
        assert own in text, controller
        self._file.write_text(
            text.replace(own, f"controller.quorum.voters={voters}\n"), encoding="utf-8"
        )


class KafkaCluster(Startable):
    """Three brokers, each of which is a controller too. A context manager."""

    def __init__(self) -> None:
        voters = {number: f"127.0.0.1:{free_port()}" for number in range(1, BROKERS + 1)}
        self.brokers = [Broker(number, voters) for number in voters]

    @property
    def address(self) -> str:
        """What clients take as bootstrap servers: all of them."""
        return ",".join(broker.address for broker in self.brokers)

    def start(self) -> None:
        """Start all of them at once: one alone has no quorum, and does not answer."""
        with ThreadPoolExecutor() as at_once:
            list(at_once.map(lambda broker: broker.start(), self.brokers))

    def close(self) -> None:
        """Kill all of them and remove their data."""
        for broker in self.brokers:
            broker.close()


class RedisCluster(Startable):
    """Three primaries, each with a replica. A context manager."""

    def __init__(self) -> None:
        settings = {
            "cluster-enabled": "yes",
            "cluster-config-file": "nodes.conf",
            "cluster-node-timeout": "2000",
            "appendfsync": "always",
            "repl-diskless-sync-delay": "0",
        }
        self.nodes = [RedisServer(settings, _port_with_bus()) for _ in range(2 * PAIRS)]
        self.primaries, self.replicas = self.nodes[:PAIRS], self.nodes[PAIRS:]

    @property
    def url(self) -> str:
        """The address of a node that is a replica at first: it stays when a primary dies."""
        return self.replicas[-1].url

    def primary_of(self, key: str) -> RedisServer:
        """Return the first primary of a key."""
        return self.primaries[key_slot(key.encode()) * PAIRS // SLOTS]

    def start(self) -> None:
        """Start all of them, and join them to one cluster."""
        for node in self.nodes:
            node.start()
        self._join()

    def close(self) -> None:
        """Kill all of them and remove their data."""
        for node in self.nodes:
            node.close()

    def _join(self) -> None:
        for index, node in enumerate(self.primaries):
            slots = [slot for slot in range(SLOTS) if slot * PAIRS // SLOTS == index]
            ask(node, "CLUSTER ADDSLOTS", *slots)
        for node in self.nodes[1:]:
            ask(self.nodes[0], "CLUSTER MEET", "127.0.0.1", node.port)
        wait_until(lambda: all(map(self._knows_all, self.nodes)), "the nodes know each other", 60)
        for primary, replica in zip(self.primaries, self.replicas, strict=True):
            ask(replica, "CLUSTER REPLICATE", ask(primary, "CLUSTER MYID"))
        wait_until(self._is_whole, "every primary has its replica", 60)

    def _knows_all(self, node: RedisServer) -> bool:
        found = ask(node, "CLUSTER INFO")
        return bool(
            int(found["cluster_known_nodes"]) == len(self.nodes) and found["cluster_state"] == "ok"
        )

    def _is_whole(self) -> bool:
        try:
            return all(
                replica.client.info("replication").get("master_link_status") == "up"
                for replica in self.replicas
            )
        except RedisError:
            return False


def ask(node: RedisServer, *words: str | int) -> Any:  # noqa: ANN401 (each command has its own answer)
    """Send a command to one node."""
    send: Any = node.client.execute_command
    return send(*words)


def _port_with_bus() -> int:
    port = free_port()
    while not is_free(port + BUS):
        port = free_port()
    return port


@contextmanager
def clusters() -> Iterator[tuple[KafkaCluster, RedisCluster]]:
    """Run both for as long as the block takes."""
    with KafkaCluster() as kafka, RedisCluster() as redis:
        yield kafka, redis
