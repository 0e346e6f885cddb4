"""kafka-python's clients: opened once Kafka can be reached, their errors as ours.

What kafka-python cannot reach, it gives up without the reason, and leaves connections open. So
librdkafka is asked first: it says why.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from kafka.errors import AuthorizationError, BrokerResponseError, KafkaError

from streamer.adapters.kafka.connection import Connection
from streamer.adapters.kafka.topics import ClusterMetadata
from streamer.errors import AdapterError, Unavailable, UsageError

Client = TypeVar("Client")

_PATIENCE_S: Final = 5.0


def opened(client: Callable[..., Client], connection: Connection, **settings: object) -> Client:
    """Return a client of kafka-python, to be closed by the caller.

    Raises `Unavailable` with the reason where Kafka cannot be reached, `UsageError` for properties
    that the client has no word for.
    """
    ways_in = connection.kafka_python()
    ClusterMetadata(connection, _PATIENCE_S).answers()
    with said("open a connection to Kafka"):
        try:
            return client(**ways_in, **settings)
        except (ValueError, TypeError, AssertionError) as error:
            raise UsageError(f"Kafka's client does not take these settings: {error}") from None


@contextmanager
def said(doing: str) -> Iterator[None]:
    """Turn errors of kafka-python raised in the block into ours; `doing` says what was tried."""
    try:
        yield
    except KafkaError as error:
        raise python_failure(error, doing) from None


def python_failure(error: Any, doing: str) -> AdapterError:  # noqa: ANN401 (it carries no types)
    """Return our error for one of kafka-python; what may pass is `Unavailable`."""
    named = isinstance(error, BrokerResponseError)
    reason: Any = error.description if named else str(error) or type(error).__name__
    if isinstance(error, AuthorizationError):
        return Unavailable(f"Kafka refuses to {doing} ({reason}): give this user the permission")
    passing: Any = getattr(error, "retriable", False)
    return (Unavailable if passing else AdapterError)(f"could not {doing}: {reason}")
