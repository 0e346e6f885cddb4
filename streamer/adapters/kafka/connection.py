"""Where Kafka is and how to get in: one value from which every client is built.

Further settings come from a file of client properties, as Java's clients and Kafka's own tools
read them; passwords stand nowhere else. Names that librdkafka shares with Java are passed on as
they are, the few that differ are translated. kafka-python gets those that open the way in, and what
it has no word for is refused, so that no client goes in by another way than the file says.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from confluent_kafka import KafkaException

from streamer.errors import UsageError

Client = TypeVar("Client")

DEFAULT_SERVERS: Final = "127.0.0.1:9092"

_OURS: Final = frozenset(
    {
        "auto.offset.reset",
        "bootstrap.servers",
        "enable.auto.commit",
        "enable.auto.offset.store",
        "enable.idempotence",
        "enable.partition.eof",
        "group.id",
        "group.instance.id",
        "isolation.level",
        "partition.assignment.strategy",
        "statistics.interval.ms",
        "transactional.id",
    }
)
"""What the guarantees rest on is not for a file to say."""

_LIBRDKAFKA: Final = {
    "sasl.mechanism": "sasl.mechanisms",
    "ssl.truststore.location": "ssl.ca.location",
}
_KAFKA_PYTHON: Final = {
    "sasl.username": "sasl_plain_username",
    "sasl.password": "sasl_plain_password",
    "ssl.ca.location": "ssl_cafile",
    "ssl.certificate.location": "ssl_certfile",
    "ssl.key.location": "ssl_keyfile",
    "ssl.key.password": "ssl_password",
    "ssl.cipher.suites": "ssl_ciphers",
    "ssl.crl.location": "ssl_crlfile",
}
_WAYS_IN: Final = ("enable.ssl.", "sasl.", "security.", "ssl.")
_SECURITY: Final = "security.protocol"
_PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_MECHANISM: Final = "sasl.mechanisms"
_MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
"""What kafka-python can do with a name and a password."""
_HOST_CHECK: Final = "ssl.endpoint.identification.algorithm"
_JAVA_ONLY: Final = frozenset(
    {"ssl.truststore.type", "ssl.keystore.type", "ssl.truststore.password", "ssl.keystore.password"}
)
_LINE: Final = re.compile(r"\s*([^\s=:#!][^\s=:]*)\s*[=:\s]\s*(.*?)\s*")
_LOGIN: Final = re.compile(r'\b(username|password)\s*=\s*"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Connection:
    """Kafka's address, `host:port` or several with commas, and properties beside it.

    The properties do not show in `repr`: there may be a password among them.
    """

    servers: str = DEFAULT_SERVERS
    properties: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_file(cls, servers: str, path: str | None) -> "Connection":
        """Return the connection with the properties of a file; raises `UsageError`."""
        return cls(servers, {} if path is None else read_properties(Path(path)))

    def librdkafka(self, **own: Any) -> dict[str, Any]:  # noqa: ANN401 (as librdkafka takes them)
        """Return a configuration for confluent-kafka; names of `own` have `_` for `.`.

        Its log is off: what it would say of lost connections comes as errors. The properties may
        turn it on (`log_level`, `debug`), and replace what `own` says but not what we rest on.
        """
        mine = {
            name if name.endswith("_cb") else name.replace("_", "."): value
            for name, value in own.items()
        }
        return {"log_level": 0, **mine, **self.properties, "bootstrap.servers": self.servers}

    def beside_groups(self, **own: Any) -> dict[str, Any]:  # noqa: ANN401 (as librdkafka takes them)
        """Return a configuration for a consumer that joins no group and says itself where it reads.

        It reads what is committed, and is told where a partition ends.
        """
        return self.librdkafka(
            group_id="streamer-serve",  # librdkafka wants one; nothing is committed to it
            enable_auto_commit=False,
            enable_auto_offset_store=False,
            isolation_level="read_committed",
            auto_offset_reset="earliest",  # what is older than the topic keeps is gone
            enable_partition_eof=True,
            **own,
        )

    def kafka_python(self) -> dict[str, Any]:
        """Return keyword arguments for kafka-python: the way in, not what tunes the other one.

        Raises `UsageError` for a way in that only librdkafka knows.
        """
        found: dict[str, Any] = {"bootstrap_servers": self.servers.split(",")}
        for name, value in self.properties.items():
            if name == _HOST_CHECK:
                found["ssl_check_hostname"] = value != "none"
            elif name == _SECURITY:
                found["security_protocol"] = _one_of(_PROTOCOLS, name, value.upper())
            elif name == _MECHANISM:
                found["sasl_mechanism"] = _one_of(_MECHANISMS, name, value)
            elif name in _KAFKA_PYTHON:
                found[_KAFKA_PYTHON[name]] = value
            elif name.startswith(_WAYS_IN):
                raise UsageError(
                    f"{name} is for workers only: the clients of the other commands do not know it"
                )
        return found


def made(client: Callable[[dict[str, Any]], Client], settings: dict[str, Any]) -> Client:
    """Return a client of confluent-kafka; raises `UsageError` for settings that it cannot take."""
    try:
        return client(settings)
    except (KafkaException, TypeError, ValueError) as error:
        reason = error.args[0].str() if isinstance(error, KafkaException) else error
        raise UsageError(f"Kafka's client does not take these settings: {reason}") from None


def _one_of(known: tuple[str, ...], name: str, value: str) -> str:
    if value in known:
        return value
    raise UsageError(
        f"{name}={value} is for workers at most: the clients of the other commands know "
        f"{', '.join(known)}"
    )


def read_properties(path: Path) -> dict[str, str]:
    """Return the properties of a file under the names of librdkafka; raises `UsageError`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the Kafka properties in {path} cannot be read: {error}") from None
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith(("#", "!")):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise UsageError(f"{path}:{number}: expected a line like security.protocol=SASL_SSL")
        found |= _renamed(match[1], match[2], f"{path}:{number}")
    return found


def _renamed(name: str, value: str, place: str) -> dict[str, str]:
    """Return the property under the name that librdkafka has for it."""
    if name in _OURS:
        raise UsageError(f"{place}: {name} is not for this file, Streamer sets it itself")
    if name == "sasl.jaas.config":
        login = {key: re.sub(r"\\(.)", r"\1", text) for key, text in _LOGIN.findall(value)}
        if login.keys() != {"username", "password"}:
            raise UsageError(f'{place}: expected sasl.jaas.config with username="…" password="…"')
        return {f"sasl.{key}": text for key, text in login.items()}
    if name.startswith("ssl.") and value.lower().endswith((".jks", ".p12", ".pkcs12")):
        raise UsageError(f"{place}: {name} must be a PEM file, a Java key store cannot be read")
    if name == "ssl.keystore.location":  # in PEM: the certificates and the key in one file
        return {"ssl.certificate.location": value, "ssl.key.location": value}
    if name == _HOST_CHECK:
        return {name: value or "none"}
    return {} if name in _JAVA_ONLY else {_LIBRDKAFKA.get(name, name): value}
