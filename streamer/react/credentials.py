"""Faust's way into Kafka, from the same properties that open it for every other command."""

import ssl
from collections.abc import Mapping
from typing import Any, Final

import faust
from faust.types.auth import SASLMechanism

from streamer.adapters.kafka.connection import Connection
from streamer.errors import UsageError

_MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_KNOWN: Final = frozenset(
    {
        "enable.ssl.certificate.verification",
        "sasl.mechanisms",
        "sasl.password",
        "sasl.username",
        "security.protocol",
        "ssl.ca.location",
        "ssl.certificate.location",
        "ssl.cipher.suites",
        "ssl.crl.location",
        "ssl.endpoint.identification.algorithm",
        "ssl.key.location",
        "ssl.key.password",
    }
)
_WAYS_IN: Final = ("enable.ssl.", "sasl.", "security.", "ssl.")


def credentials(connection: Connection) -> Any:  # noqa: ANN401 (Faust's, or None)
    """Return what Faust takes for the properties' way in; raises `UsageError` for another one.

    Properties that tune a client are left alone: they are those of another library.
    """
    found = connection.properties
    for name in found:
        if name.startswith(_WAYS_IN) and name not in _KNOWN:
            raise UsageError(f"{name} is not for reactions: they know {', '.join(sorted(_KNOWN))}")
    protocol = found.get("security.protocol", "PLAINTEXT").upper()
    context = _context(found) if protocol in {"SSL", "SASL_SSL"} else None
    if protocol in {"SASL_SSL", "SASL_PLAINTEXT"}:
        mechanism = found.get("sasl.mechanisms", "")
        if mechanism not in _MECHANISMS:
            raise UsageError(
                f"sasl.mechanism={mechanism} is not for reactions: they know "
                f"{', '.join(_MECHANISMS)}"
            )
        return faust.SASLCredentials(
            username=found.get("sasl.username"),
            password=found.get("sasl.password"),
            mechanism=SASLMechanism(mechanism),
            ssl_context=context,
        )
    if protocol not in {"SSL", "PLAINTEXT"}:
        raise UsageError(f"security.protocol={protocol} is none of Kafka's")
    return None if context is None else faust.SSLCredentials(context)


def _context(found: Mapping[str, str]) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=found.get("ssl.ca.location"))
        if "ssl.certificate.location" in found:
            context.load_cert_chain(
                found["ssl.certificate.location"],
                found.get("ssl.key.location"),
                found.get("ssl.key.password"),
            )
        if "ssl.cipher.suites" in found:
            context.set_ciphers(found["ssl.cipher.suites"])
        if "ssl.crl.location" in found:
            context.load_verify_locations(found["ssl.crl.location"])
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"the certificates of the Kafka properties cannot be used: {error}"
        ) from None
    if found.get("ssl.endpoint.identification.algorithm", "https") == "none":
        context.check_hostname = False
    if found.get("enable.ssl.certificate.verification", "true").lower() == "false":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
