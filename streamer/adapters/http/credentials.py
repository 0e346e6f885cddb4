"""Where a request carries its write key, and which pages of which origin may send with it."""

import base64
import binascii
from typing import Any, Final

from aiohttp.web import BaseRequest

from streamer.adapters.http.answers import Refusal
from streamer.adapters.http.keys import Key, Keys

BEACON: Final = "text/plain"
"""The content type of a beacon, which can set no header of its own."""

_QUERY: Final = "writeKey"
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Max-Age": "7200",
}
_EXPOSED: Final = {"Access-Control-Expose-Headers": "Retry-After", "Vary": "Origin"}


def sent_key(request: BaseRequest) -> str | None:
    """Return the key of a request's headers, or of a beacon's query; None where there is none."""
    header = request.headers.get("Authorization")
    if header is None:
        return request.query.get(_QUERY) if request.content_type == BEACON else None
    scheme, _, credentials = header.partition(" ")
    match scheme.lower():
        case "bearer":
            return credentials.strip()
        case "basic":
            try:
                decoded = base64.b64decode(credentials.strip(), validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                raise Refusal(401, "key", "Authorization: Basic carries no base64") from None
            return decoded.partition(":")[0]
        case _:
            raise Refusal(401, "key", "Authorization must be Basic or Bearer, with the write key")


def found_key(keys: Keys, key: str | None, origin: str | None) -> Key:
    """Return the settings of a key; raises `Refusal` for a wrong one, or a page it is not for."""
    if not key:
        raise Refusal(401, "key", "a write key is missing: send it as Authorization: Basic")
    found = keys.find(key)
    if found is None:
        raise Refusal(401, "key", "the write key is wrong")
    if not found.allows(origin):
        raise Refusal(403, "origin", f"pages of {origin} may not send with this key")
    return found


def key_in(document: Any) -> str | None:  # noqa: ANN401 (any JSON)
    """Return the key that a body carries, as the SDKs of Segment do."""
    key = document.get(_QUERY) if type(document) is dict else None
    return key if type(key) is str else None


def shared_with(keys: Keys, origin: str | None) -> dict[str, str]:
    """Return the headers that let a page read the answer, if it is one that may send."""
    if origin is None or not keys.knows(origin):
        return {}
    return {"Access-Control-Allow-Origin": origin, **_EXPOSED}


def preflight(keys: Keys, request: BaseRequest) -> dict[str, str]:
    """Return the headers that answer a browser's question whether a page may send.

    Every SDK has headers of its own. They may send what they ask for: none of them lets anybody in.
    """
    shared = shared_with(keys, request.headers.get("Origin"))
    asked = request.headers.get("Access-Control-Request-Headers")
    allowed = {} if asked is None else {"Access-Control-Allow-Headers": asked}
    return {**shared, **_PREFLIGHT, **allowed} if shared else {}
