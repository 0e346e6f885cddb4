"""The `traceparent` of W3C Trace Context that an event came with, to be passed on with its changes.

It says which request of the storefront an event belongs to. It comes as the header `traceparent` of
the event's record, or as the CloudEvents attribute of that name: in the envelope in structured
mode, as the header `ce_traceparent` in binary mode. The collector makes the first of them of the
header `traceparent` of a request. What does not have the form of one is ignored,
so nothing of any other size or content gets into the outbox.
"""

import re
from typing import Any, Final

import orjson

from streamer.codecs.envelopes import is_envelope
from streamer.types import Record

_NAME: Final = "traceparent"
_HEADERS: Final = (_NAME, f"ce_{_NAME}")
_QUOTED: Final = f'"{_NAME}"'.encode()
_FORM: Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)


def traceparent_of(record: Record) -> str | None:
    """Return the traceparent of an event's record, None where there is none.

    Meant for the few records that cause a change. Where there is none it costs a look at the
    headers and a search in the bytes.
    """
    for name, value in record.headers:
        if name in _HEADERS and _is_one(found := value.decode("ascii", "replace")):
            return found
    if record.value.find(_QUOTED) >= 0:  # `in` raises and catches an error first
        return _in_envelope(record.value)
    return None


def headers_of_request(
    text: str | None, value: bytes
) -> list[tuple[str, str | bytes | None]] | None:
    """Return the headers of the record of an event that came with a request.

    `text` is the request's own `traceparent`. The event goes before it where it has one itself.
    None where there is nothing to say.
    """
    if text is None or _QUOTED in value or not _is_one(text):
        return None
    return [(_NAME, text)]


def _in_envelope(value: bytes) -> str | None:
    try:
        data: Any = orjson.loads(value)
    except orjson.JSONDecodeError:  # a row of CSV, say
        return None
    if not isinstance(data, dict) or not is_envelope(data):
        return None
    found = data.get(_NAME)
    return found if isinstance(found, str) and _is_one(found) else None


def _is_one(text: str) -> bool:
    return _FORM.fullmatch(text) is not None
