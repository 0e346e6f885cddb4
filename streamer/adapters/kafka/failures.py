"""Kafka's errors as ours: what passes, what another owner did, what a person must mend."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from confluent_kafka import KafkaError, KafkaException

from streamer.errors import AdapterError, Fenced, Unavailable

_FENCED: Final = frozenset(
    {
        KafkaError._FENCED,  # noqa: SLF001 (librdkafka's own errors are named so)
        KafkaError.PRODUCER_FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.ILLEGAL_GENERATION,
        KafkaError.UNKNOWN_MEMBER_ID,
        KafkaError.FENCED_INSTANCE_ID,
        KafkaError.FENCED_MEMBER_EPOCH,
        KafkaError.STALE_MEMBER_EPOCH,
    }
)
_TOO_LARGE: Final = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE})
_REFUSED: Final = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    }
)


def failure(error: KafkaError, doing: str) -> AdapterError:
    """Return our error for Kafka's; `doing` says what was tried, beginning in lower case.

    What may pass is `Unavailable`, also where a permission is missing: it can be given meanwhile.
    """
    code, reason = error.code(), error.str()
    if code in _FENCED:
        return Fenced(f"Kafka has another owner on record ({reason}): could not {doing}")
    if code in _TOO_LARGE:
        return AdapterError(
            f"a record is larger than its topic takes ({reason}): could not {doing}; "
            "raise the topic's max.message.bytes"
        )
    if code in _REFUSED:
        return Unavailable(f"Kafka refuses to {doing} ({reason}): give this user the permission")
    return Unavailable(f"could not {doing}: {reason}")


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn Kafka's errors raised in the block into ours."""
    try:
        yield
    except KafkaException as error:
        raise failure(error.args[0], doing) from None
