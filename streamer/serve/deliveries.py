"""What the processes that deliver changes say of themselves: webhooks, and reactions.

Their operator's pages are asked: `/metrics`, `/readyz` and, of webhooks, `/deliveries`. A name that
stands for several addresses is asked at each of them. What was said holds for two seconds, so any
number of pages that are open cost one question.
"""

import http.client
import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import orjson
from prometheus_client.parser import text_string_to_metric_families

from streamer.errors import UsageError

_PATIENCE_S: Final = 1.0
_HOLDS_S: Final = 2.0
_BESIDE: Final = 8
_LARGEST: Final = 4 << 20
_TRIES: Final = "/deliveries?last=50"


class Sample(NamedTuple):
    """One value of a metric."""

    name: str
    labels: dict[str, str]
    value: float


class Process(NamedTuple):
    """One process. `reason` is why it is not ready, None if it is; `tries` are the latest ones.

    `samples` is None where nothing answers at the address.
    """

    address: str
    reason: str | None
    samples: list[Sample] | None
    tries: dict[str, list[dict[str, Any]]]


class Deliveries:
    """Asks the processes at these addresses, `http://HOST:PORT` each.

    Raises `UsageError` for an address of another form.
    """

    def __init__(self, addresses: Sequence[str] = ()) -> None:
        self.addresses = tuple(addresses)
        self._places = [_place(address) for address in addresses]
        self._lock = threading.Lock()
        self._said: list[Process] = []
        self._said_at = -_HOLDS_S

    def said(self) -> list[Process]:
        """Return the state of each process, in the order of the addresses."""
        with self._lock:
            if time.monotonic() - self._said_at >= _HOLDS_S and self._places:
                places = [one for place in self._places for one in _resolved(place)]
                with ThreadPoolExecutor(min(len(places), _BESIDE)) as pool:
                    self._said = list(pool.map(_asked, places))
                self._said_at = time.monotonic()
            return self._said


class _Place(NamedTuple):
    host: str
    port: int


def _place(address: str) -> _Place:
    with suppress(ValueError):
        parts = urlsplit(address)
        if parts.scheme == "http" and parts.hostname and parts.port and parts.path in ("", "/"):
            return _Place(parts.hostname, parts.port)
    raise UsageError(f"{address!r} is no address of metrics: expected http://HOST:PORT")


def _resolved(place: _Place) -> list[_Place]:
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except OSError:
        return [place]
    hosts = sorted({str(address[0]) for _, _, _, _, address in found})
    return [_Place(host, place.port) for host in hosts]


def _asked(place: _Place) -> Process:
    address = f"{place.host}:{place.port}"
    try:
        _, metrics = _got(place, "/metrics")
        status, ready = _got(place, "/readyz")
        tried, deliveries = _got(place, _TRIES)
        samples = [
            Sample(one.name, dict(one.labels), one.value)
            for family in text_string_to_metric_families(metrics.decode())
            for one in family.samples
        ]
        tries = orjson.loads(deliveries) if tried == http.client.OK else {}
    except (OSError, http.client.HTTPException, ValueError):
        return Process(address, "nobody answers there", None, {})
    reason = None if status == http.client.OK else ready.decode("utf-8", "replace").strip()
    return Process(address, reason, samples, tries)


def _got(place: _Place, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(*place, timeout=_PATIENCE_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read(_LARGEST)
    finally:
        connection.close()
