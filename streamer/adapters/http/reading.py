"""The body of a request, within bounds of size and time.

Compressed bodies are unpacked here and not by aiohttp, a little at a time, so a body that would
become gigabytes costs no more than the limit. The limit holds for what comes and what it becomes.
"""

import asyncio
import zlib
from typing import Final

from aiohttp import ClientError
from aiohttp.web import BaseRequest, RequestPayloadError

from streamer.adapters.http.answers import Refusal

_AUTO: Final = 32 + zlib.MAX_WBITS
"""gzip and zlib, which differ in their first bytes."""
_ENCODINGS: Final = frozenset({"gzip", "x-gzip", "deflate"})
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


async def read_body(request: BaseRequest, limit: int, seconds: float) -> bytes:
    """Return the body, unpacked; raises `Refusal` for one too large, too slow or broken."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding != "identity" and encoding not in _ENCODINGS:
        raise Refusal(415, "encoding", f"Content-Encoding must be gzip or absent, not {encoding}")
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    try:
        async with asyncio.timeout(seconds):
            if request.headers.get("Expect", "").lower() == "100-continue":
                await request.writer.write(_CONTINUE)
                request.writer.output_size = 0  # none of the answer's own bytes are written yet
            body = await _read(request, limit)
    except TimeoutError:
        raise Refusal(408, "slow", f"the body did not come within {seconds:g} s") from None
    except (RequestPayloadError, ClientError, ConnectionError) as error:
        raise Refusal(400, "broken", f"the body cannot be read: {error}") from None
    return body if encoding == "identity" else _unpacked(body, limit)


async def _read(request: BaseRequest, limit: int) -> bytes:
    content = request.content
    parts: list[bytes] = []
    size = 0
    while part := await content.readany():
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _unpacked(body: bytes, limit: int) -> bytes:
    unpacking = zlib.decompressobj(_AUTO)
    try:
        found = unpacking.decompress(body, limit + 1)
    except zlib.error as error:
        raise Refusal(400, "encoding", f"the body cannot be unpacked: {error}") from None
    if len(found) > limit:
        raise _too_large(limit)
    if not unpacking.eof:
        raise Refusal(400, "encoding", "the body cannot be unpacked: its end is missing")
    if unpacking.unused_data:
        raise Refusal(400, "encoding", "the body cannot be unpacked: something follows its end")
    return found


def _too_large(limit: int) -> Refusal:
    return Refusal(413, "size", f"a request has at most {limit} bytes, unpacked")
