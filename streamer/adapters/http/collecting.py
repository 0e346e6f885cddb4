"""One request after the other: who sends, what it holds, and the answer once that is safe.

Theory of operation.

1. A request is let in before its body is read: Kafka is there, there is room, neither its key nor
   its address has sent too much. What is not let in is answered 429 with whole seconds.
2. Each event of the body becomes a record of the events, or one of the rejected with the reason.
   Both go to Kafka together, and 200 is answered once both are safe there: so it means that nothing
   of the request can be lost. In strict mode one bad event refuses the whole request.
3. What Kafka did not acknowledge in time is answered 429: the sender tries again with the same ids,
   so what came into the log after all is a duplicate, which changes nothing.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

from aiohttp.web import BaseRequest, Response

from streamer.adapters.clock import wall_time
from streamer.adapters.http.answers import Refusal, json_response, text_response
from streamer.adapters.http.counts import CollectorCounts
from streamer.adapters.http.crawlers import is_crawler
from streamer.adapters.http.credentials import (
    found_key,
    key_in,
    preflight,
    sent_key,
    shared_with,
)
from streamer.adapters.http.keys import Key, Keys
from streamer.adapters.http.rates import Rates
from streamer.adapters.http.reading import read_body
from streamer.adapters.http.settings import settings_page
from streamer.adapters.kafka.acknowledged import OutgoingRecord
from streamer.adapters.kafka.messages import refused_record
from streamer.codecs.bodies import BATCH, EVENTS, SINGLE_CALLS, binary_event, parse_body, split
from streamer.codecs.received import Accepted, Circumstances, Refused, receive
from streamer.codecs.tracing import headers_of_request
from streamer.errors import AdapterError, InvalidEvent, Unavailable

ENDPOINTS: Final = {
    **{f"/v1/{kind}": kind for kind in SINGLE_CALLS},
    **{f"/v1/{kind[0]}": kind for kind in SINGLE_CALLS},
    "/v1/batch": BATCH,
    "/v1/b": BATCH,
    "/beacon/v1/batch": BATCH,
    "/v1/import": BATCH,
    "/v1/events": EVENTS,
}
_TYPES: Final = frozenset(
    {
        "application/json",
        "application/cloudevents+json",
        "application/cloudevents-batch+json",
        "application/octet-stream",  # what aiohttp calls a body without a type
        "application/x-www-form-urlencoded",  # what axios calls RudderStack's gzip
        "text/plain",
    }
)
_AWAY_S: Final = 5
_FULL_S: Final = 1
_GRACE_S: Final = 3.0
"""A producer gives up a record a little later than its timeout."""
_TOLD: Final = 100
"""So many rejected events are named in an answer."""


class Producing(Protocol):
    """Where records go."""

    @property
    def away(self) -> str | None:
        """Why nothing can be taken just now."""

    def send(
        self, records: Sequence[OutgoingRecord], done: Callable[[AdapterError | None], None]
    ) -> None:
        """Take records; say once all are safe, or why not. Raises `Unavailable`."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a request may cost: bytes of one, bytes of all in hand, seconds for a body, for Kafka.

    `proxies` is how many proxies of ours stand before the collector and add the address of who
    asked them to `X-Forwarded-For`.
    """

    request_bytes: int = 500_000
    bytes_in_hand: int = 64 << 20
    body_seconds: float = 10.0
    kafka_seconds: float = 5.0
    proxies: int = 0


class Collecting:
    """Answers requests. `topics` are those of events and of rejected ones."""

    def __init__(
        self, producer: Producing, topics: tuple[str, str], keys: Keys, bounds: Bounds
    ) -> None:
        self.keys = keys
        self.stopping = False
        self._producer = producer
        self._events, self._rejected = topics
        self._bounds = bounds
        self._rates = Rates()
        self._in_hand = 0
        self.counts = CollectorCounts(lambda: producer.away is not None, lambda: self._in_hand)

    def unready(self) -> str | None:
        """Return why the collector takes nothing just now, None while it does."""
        return "it is being stopped" if self.stopping else self._producer.away

    async def answer(self, request: BaseRequest) -> Response:
        """Answer a request of any kind."""
        origin = request.headers.get("Origin")
        if request.method == "OPTIONS":
            return Response(headers=preflight(self.keys, request))
        shared = shared_with(self.keys, origin)
        try:
            response = await self._answer(request, origin, shared)
            self.counts.answered(response.status, "ok")
        except Refusal as refusal:
            self.counts.answered(refusal.status, refusal.code)
            response = refusal.response(shared)
        return response

    async def _answer(
        self, request: BaseRequest, origin: str | None, shared: dict[str, str]
    ) -> Response:
        kind = ENDPOINTS.get(request.path)
        if kind is None:
            return self._page(request, shared)
        if request.method != "POST":
            raise Refusal(405, "method", "events are sent with POST")
        if request.content_type not in _TYPES:
            raise Refusal(415, "type", f"the body must be JSON, not {request.content_type}")
        key = self._known(sent_key(request), origin)
        address = self._address(request)
        size = min(request.content_length or self._bounds.request_bytes, self._bounds.request_bytes)
        self._let_in(key, address, size)
        self._in_hand += size
        try:
            body = await read_body(request, self._bounds.request_bytes, self._bounds.body_seconds)
            told = await self._take(request, kind, body, key, (origin, address))
        finally:
            self._in_hand -= size
        return json_response(told, shared)

    def _page(self, request: BaseRequest, shared: dict[str, str]) -> Response:
        """Answer what is no endpoint of events: how it is, and the settings that SDKs ask for."""
        if request.method in ("GET", "HEAD"):
            if request.path == "/healthz":
                return text_response("alive")
            if request.path == "/readyz":
                reason = self.unready()
                return text_response("ready") if reason is None else text_response(reason, 503)
            told = settings_page(request, self.keys)
            if told is not None:
                return json_response(told, shared)
        raise Refusal(404, "path", "there is no such endpoint")

    def _known(self, key: str | None, origin: str | None) -> Key | None:
        """Return the key that is sent outside of the body; there may be none, but no wrong one."""
        return None if key is None else found_key(self.keys, key, origin)

    def _let_in(self, key: Key | None, address: str, size: int) -> None:
        if self.stopping:
            raise Refusal(429, "stopping", "the collector is being stopped", retry_after=_FULL_S)
        away = self._producer.away
        if away is not None:
            raise Refusal(429, "away", "nothing can be taken just now", retry_after=_AWAY_S)
        if self._in_hand + size > self._bounds.bytes_in_hand:
            raise Refusal(429, "full", "too much is being taken just now", retry_after=_FULL_S)
        if key is not None:
            self._check_rates(key, address)

    def _check_rates(self, key: Key, address: str) -> None:
        now = time.monotonic()
        waits = [self._rates.wait(who, rate, now) for who, rate in _limits(key, address)]
        if any(waits):
            message = "more events than this key, or this address, may send"
            raise Refusal(429, "rate", message, retry_after=max(waits))

    async def _take(
        self,
        request: BaseRequest,
        kind: str,
        value: bytes,
        key: Key | None,
        sender: tuple[str | None, str],
    ) -> dict[str, Any]:
        """Have the events of a body in Kafka; return what is answered then."""
        began = time.monotonic()
        origin, address = sender
        try:
            body = parse_body(value)
            document = body.document
            if kind == EVENTS and "ce-specversion" in request.headers:
                document = binary_event(list(request.headers.items()), document)
            if key is None:
                key = found_key(self.keys, key_in(document), origin)
                self._check_rates(key, address)
            calls = split(kind, document)
        except InvalidEvent as error:
            raise Refusal(400, "body", error.reason) from None
        for who, rate in _limits(key, address):
            self._rates.take(who, rate, began, len(calls))
        agent = request.headers.get("User-Agent", "") if key.rights.public else ""
        seen = Circumstances(key.rights, wall_time(), is_crawler, agent)
        found = [receive(call, body.encode, seen) for call in calls]
        refused = [(at, one) for at, one in enumerate(found) if isinstance(one, Refused)]
        told = [
            {"index": at, "reason": one.reason, "path": one.path} for at, one in refused[:_TOLD]
        ]
        if refused and request.headers.get("X-Strict-Mode") == "1":
            message = f"{len(refused)} of {len(found)} events are none; nothing was taken"
            raise Refusal(400, "event", message, errors=told)
        if found:
            await self._safe([self._record(one, key.rights.name, request) for one in found])
        self.counts.safe(
            key.rights.name, len(found) - len(refused), len(refused), time.monotonic() - began
        )
        return {"success": True, "rejected": told} if told else {"success": True}

    def _record(self, found: Accepted | Refused, key: str, request: BaseRequest) -> OutgoingRecord:
        if isinstance(found, Accepted):
            headers = headers_of_request(request.headers.get("traceparent"), found.value)
            return OutgoingRecord(self._events, found.customer, found.value, headers)
        return OutgoingRecord(self._rejected, *refused_record(found, key, request.path))

    async def _safe(self, records: list[OutgoingRecord]) -> None:
        """Return once Kafka has acknowledged all of the records."""
        loop = asyncio.get_running_loop()
        settled: asyncio.Future[AdapterError | None] = loop.create_future()

        def done(failure: AdapterError | None) -> None:
            with suppress(RuntimeError):  # the loop is closed: no request waits any more
                loop.call_soon_threadsafe(partial(_settle, settled, failure))

        try:
            self._producer.send(records, done)
            async with asyncio.timeout(self._bounds.kafka_seconds + _GRACE_S):
                failure = await settled
        except Unavailable:
            raise Refusal(429, "full", "too much waits just now", retry_after=_FULL_S) from None
        except TimeoutError:
            failure = Unavailable("no acknowledgement in time")
        if failure is not None:
            message = "the events could not be stored in time: send them again"
            raise Refusal(429, "away", message, retry_after=_AWAY_S)

    def _address(self, request: BaseRequest) -> str:
        """Return the client's address, as the outermost of our own proxies saw it."""
        if self._bounds.proxies:
            through = request.headers.get("X-Forwarded-For", "").split(",")
            return through[max(0, len(through) - self._bounds.proxies)].strip()
        return request.remote or ""


def _limits(key: Key, address: str) -> list[tuple[tuple[str, ...], float]]:
    """Return the buckets that a key's events are taken from, each with its rate."""
    name = key.rights.name
    limits: list[tuple[tuple[str, ...], float]] = []
    if key.rate is not None:
        limits.append(((name,), key.rate))
    if key.address_rate is not None:
        limits.append(((name, address), key.address_rate))
    return limits


def _settle(settled: "asyncio.Future[AdapterError | None]", failure: AdapterError | None) -> None:
    if not settled.done():
        settled.set_result(failure)
