"""The properties that let a worker into Kafka let reactions in, or are refused by their names."""

import ssl
from pathlib import Path

import faust
import pytest

from streamer.adapters.kafka import Connection
from streamer.errors import UsageError
from streamer.react.credentials import credentials


def of(**properties: str) -> object:
    found = {name.replace("_", "."): value for name, value in properties.items()}
    return credentials(Connection("one:9092", found))


def test_without_properties_there_is_nothing_to_show() -> None:
    assert of() is None
    assert of(linger_ms="5") is None


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_name_and_a_password_over_tls(mechanism: str) -> None:
    found = of(
        security_protocol="SASL_SSL",
        sasl_mechanisms=mechanism,
        sasl_username="shop",
        sasl_password="secret",  # noqa: S106 (a test's)
    )
    assert isinstance(found, faust.SASLCredentials)
    assert (found.username, found.password) == ("shop", "secret")
    assert found.mechanism.value == mechanism
    assert found.protocol.value == "SASL_SSL"
    assert found.ssl_context is not None
    assert found.ssl_context.check_hostname


def test_names_of_hosts_and_certificates_can_be_left_unchecked() -> None:
    found = of(security_protocol="SSL", ssl_endpoint_identification_algorithm="none")
    assert isinstance(found, faust.SSLCredentials)
    assert not found.context.check_hostname
    assert found.context.verify_mode == ssl.CERT_REQUIRED
    found = of(security_protocol="ssl", enable_ssl_certificate_verification="false")
    assert isinstance(found, faust.SSLCredentials)
    assert found.context.verify_mode == ssl.CERT_NONE


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"ssl_engine_location": "x"}, "ssl.engine.location is not for reactions"),
        ({"security_protocol": "SASL_SSL", "sasl_mechanisms": "GSSAPI"}, "sasl.mechanism=GSSAPI"),
        ({"security_protocol": "TLS"}, "security.protocol=TLS is none"),
        ({"security_protocol": "SSL", "ssl_ca_location": "/nowhere"}, "cannot be used"),
    ],
)
def test_another_way_in_is_refused(properties: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        of(**properties)


def test_a_certificate_of_ones_own_must_be_one(tmp_path: Path) -> None:
    (tmp_path / "me.pem").write_text("no certificate", encoding="ascii")
    with pytest.raises(UsageError, match="cannot be used"):
        of(security_protocol="SSL", ssl_certificate_location=str(tmp_path / "me.pem"))
