"""One request against a real server that does what servers do."""

import asyncio
import socket
import time
from asyncio.selector_events import BaseSelectorEventLoop
from collections.abc import Callable
from typing import Any

import pytest

from streamer.types import SECOND
from streamer.webhooks.sending import Answer, Sending
from streamer.webhooks.settings import Endpoint
from tests.webhooks.hooks import SECRET
from tests.webhooks.receiver import LARGE, Act, Receiver


def post(url: str, *, allowed: bool = True, timeout: int = 30 * SECOND, times: int = 1) -> Answer:
    """Send the same request some times; return the last answer."""

    async def run() -> Answer:
        endpoint = Endpoint("crm", url, (SECRET,), timeout=timeout, allowed=allowed)
        sending = Sending(endpoint)
        try:
            answers = [await sending.post(BODY, {}) for _ in range(times)]
        finally:
            await sending.close()
        return answers[-1]

    return asyncio.run(run())


BODY = b'{"data":{"customer_id":"u","change_id":"c"}}'


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_a_delivery(receiver: Receiver, status: int) -> None:
    receiver.script = lambda *_: Act(status)
    assert post(receiver.url).delivered


@pytest.mark.parametrize("status", [300, 301, 302, 307, 308, 400, 404, 410, 429, 500, 503])
def test_nothing_else_is(receiver: Receiver, status: int) -> None:
    receiver.script = lambda *_: Act(status)
    answer = post(receiver.url)
    assert (answer.status, answer.delivered) == (status, False)


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    with Receiver() as other:
        receiver.script = lambda *_: Act(302, {"Location": other.url})
        assert "not followed" in post(receiver.url).reason
        assert other.requests == []
    assert len(receiver.requests) == 1


def test_a_large_answer_is_not_read_to_its_end(receiver: Receiver) -> None:
    receiver.script = lambda *_: Act(200, size=LARGE)
    assert post(receiver.url, times=3).delivered


def test_a_connection_is_reset(receiver: Receiver) -> None:
    receiver.script = lambda *_: Act(reset=True)
    answer = post(receiver.url)
    assert (answer.status, answer.delivered) == (None, False)
    assert answer.reason


def test_a_server_that_does_not_answer_is_left(receiver: Receiver) -> None:
    receiver.script = lambda *_: Act(stall=True)
    began = time.monotonic()
    answer = post(receiver.url, timeout=SECOND)
    assert answer.reason == "no answer in time"
    assert time.monotonic() - began < 30


def test_nobody_listens() -> None:
    assert post("http://127.0.0.1:1/").reason


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"])
def test_an_address_inside_gets_no_request_by_whatever_name(receiver: Receiver, host: str) -> None:
    """Names are resolved for each connection, and each address is looked at then."""
    answer = post(receiver.url.replace("127.0.0.1", host), allowed=False)
    assert not answer.delivered
    assert "allow" in answer.reason
    assert receiver.requests == []


PUBLIC = "93.184.216.34"
"""Stands for a server elsewhere: connections to it are led to the receiver."""


class Names:
    """Resolves every name to the next of its answers, the last one from then on."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    def __call__(self, _host: str, port: int, *_: object, **__: object) -> list[Any]:
        found = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [(*kind, (address, port)) for address in found]


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Callable[[Names], None]:
    """Have names resolved as a test says, and the receiver be the server at `PUBLIC`."""
    connect = BaseSelectorEventLoop.sock_connect

    async def led(loop: Any, connection: Any, place: tuple[str, int]) -> None:  # noqa: ANN401
        own = "127.0.0.1" if place[0] == PUBLIC else place[0]
        await connect(loop, connection, (own, place[1]))

    def use(names: Names) -> None:
        monkeypatch.setattr(socket, "getaddrinfo", names)
        monkeypatch.setattr(BaseSelectorEventLoop, "sock_connect", led)

    return use


def test_a_name_that_comes_to_lead_inside_gets_no_further_request(
    receiver: Receiver, elsewhere: Callable[[Names], None]
) -> None:
    """Its first address was sound. What counts is the address of each connection."""
    names = Names([PUBLIC], ["127.0.0.1"])
    elsewhere(names)
    url = receiver.url.replace("127.0.0.1", "crm.example")
    assert post(url, allowed=False).delivered
    answer = post(url, allowed=False)
    assert not answer.delivered
    assert "127.0.0.1 is the machine itself" in answer.reason
    assert names.asked == 2
    assert len(receiver.requests) == 1


def test_a_name_with_several_addresses_leads_to_none_inside(
    receiver: Receiver, elsewhere: Callable[[Names], None]
) -> None:
    elsewhere(Names(["127.0.0.1", "10.0.0.1", "169.254.169.254"]))
    answer = post(receiver.url.replace("127.0.0.1", "crm.example"), allowed=False)
    assert not answer.delivered
    assert "allow" in answer.reason
    assert receiver.requests == []
