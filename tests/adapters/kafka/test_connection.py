"""A file of client properties opens the same way into Kafka for both libraries, or is refused."""

from pathlib import Path

import pytest

from streamer.adapters.kafka import Connection
from streamer.errors import UsageError


def connection(folder: Path, text: str) -> Connection:
    path = folder / "client.properties"
    path.write_text(text, encoding="utf-8")
    return Connection.from_file("one:9092,two:9092", str(path))


def test_without_a_file_there_is_only_the_address() -> None:
    bare = Connection.from_file("one:9092,two:9092", None)
    assert bare.kafka_python() == {"bootstrap_servers": ["one:9092", "two:9092"]}
    assert bare.librdkafka() == {"bootstrap.servers": "one:9092,two:9092", "log_level": 0}


def test_a_login_as_java_writes_it_opens_both_ways_in(tmp_path: Path) -> None:
    told = connection(
        tmp_path,
        "# a comment\n"
        "security.protocol=SASL_SSL\n"
        "sasl.mechanism = SCRAM-SHA-512\n"
        "sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required "
        'username="shop" password="a \\"b\\" c";\n'
        "ssl.truststore.type=PEM\n"
        "ssl.truststore.location=/certs/ca.pem\n"
        "ssl.endpoint.identification.algorithm=\n"
        "linger.ms: 5\n",
    )
    assert told.kafka_python() == {
        "bootstrap_servers": ["one:9092", "two:9092"],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "shop",
        "sasl_plain_password": 'a "b" c',
        "ssl_cafile": "/certs/ca.pem",
        "ssl_check_hostname": False,
    }
    assert told.librdkafka() == {
        "log_level": 0,
        "bootstrap.servers": "one:9092,two:9092",
        "security.protocol": "SASL_SSL",
        "sasl.mechanisms": "SCRAM-SHA-512",
        "sasl.username": "shop",
        "sasl.password": 'a "b" c',
        "ssl.ca.location": "/certs/ca.pem",
        "ssl.endpoint.identification.algorithm": "none",
        "linger.ms": "5",
    }
    assert "shop" not in repr(told)


def test_a_key_store_in_pem_holds_the_certificate_and_the_key(tmp_path: Path) -> None:
    told = connection(tmp_path, "ssl.keystore.type=PEM\nssl.keystore.location=/certs/me.pem\n")
    assert told.kafka_python().items() >= {
        ("ssl_certfile", "/certs/me.pem"),
        ("ssl_keyfile", "/certs/me.pem"),
    }
    assert told.librdkafka().items() >= {
        ("ssl.certificate.location", "/certs/me.pem"),
        ("ssl.key.location", "/certs/me.pem"),
    }


@pytest.mark.parametrize(
    "line",
    [
        "sasl.mechanism=GSSAPI",
        "sasl.kerberos.service.name=kafka",
        "security.protocol=TLS",
        "enable.ssl.certificate.verification=false",
        "ssl.engine.location=/engine.so",
    ],
)
def test_a_way_in_that_one_library_does_not_know_is_refused_for_it(
    tmp_path: Path, line: str
) -> None:
    told = connection(tmp_path, line)
    assert len(told.librdkafka()) == 3
    with pytest.raises(UsageError, match=line.partition("=")[0]):
        told.kafka_python()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\nsecurity.protocol\n", "client.properties:2: expected a line like"),
        ("group.id=mine\n", "client.properties:1: group.id is not for this file"),
        ("sasl.jaas.config=required;\n", "client.properties:1: expected sasl.jaas.config"),
        ("ssl.keystore.location=me.jks\n", "client.properties:1: .* must be a PEM file"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        connection(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.properties cannot be read"):
        Connection.from_file("one:9092", str(tmp_path / "gone.properties"))
