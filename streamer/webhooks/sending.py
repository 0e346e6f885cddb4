"""One request and what came of it (aiohttp).

No redirect is followed, no proxy of the environment is used, no cookie is kept. Of an answer no
more than 64 KiB are read, and only so that the connection can be used again.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)

from streamer import __version__
from streamer.types import SECOND, Millis
from streamer.webhooks.addresses import guarded_socket, plain_socket
from streamer.webhooks.settings import Endpoint

_MOST_READ: Final = 64 << 10
_KEPT_S: Final = 60.0
_OK: Final = range(200, 300)
_REDIRECTS: Final = range(300, 400)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request: a status, or the reason why there is none; how many ms it took."""

    status: int | None
    reason: str
    retry_after: str | None
    took: Millis

    @property
    def delivered(self) -> bool:
        """Whether the endpoint has taken the change: any 2xx."""
        return self.status in _OK


class Sending:
    """The connections to one endpoint."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._url = endpoint.url
        self._session = ClientSession(
            connector=TCPConnector(
                limit=endpoint.connections,
                keepalive_timeout=_KEPT_S,
                socket_factory=plain_socket if endpoint.allowed else guarded_socket,
            ),
            timeout=ClientTimeout(total=endpoint.timeout / SECOND),
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
            headers={
                "User-Agent": f"streamer/{__version__}",
                "Content-Type": "application/json",
                "Accept": "*/*",
            },
        )

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a request; whatever goes wrong is an answer as well."""
        began = time.monotonic()

        def answer(status: int | None, reason: str, retry_after: str | None = None) -> Answer:
            took = round((time.monotonic() - began) * SECOND)
            return Answer(status, reason, retry_after, took)

        try:
            async with self._session.post(
                self._url, data=body, headers=headers, allow_redirects=False
            ) as response:
                await _finish(response)
                reason = (
                    "a redirect, which is not followed" if response.status in _REDIRECTS else ""
                )
                return answer(response.status, reason, response.headers.get("Retry-After"))
        except TimeoutError:
            return answer(None, "no answer in time")
        except (ClientError, OSError, ValueError) as error:
            return answer(None, str(error) or type(error).__name__)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()


async def _finish(response: ClientResponse) -> None:
    """Read a short answer to its end, so that its connection can be used again, or close it."""
    left = _MOST_READ
    while left > 0:
        chunk = await response.content.read(left)
        if not chunk:
            return
        left -= len(chunk)
    response.close()
