"""A server for tests, beside the test in one process, and ways to ask it."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from streamer.adapters.history import EventHistory
from streamer.adapters.view.embedded import EmbeddedProfiles
from streamer.app.inputs import load_rules
from streamer.app.shop_file import ShopFile
from streamer.serve.answers.context import Stores
from streamer.serve.beside import beside
from streamer.serve.deliveries import Deliveries
from streamer.serve.follower import Follower
from streamer.serve.rulebook import Rulebook
from streamer.serve.server import Access, Server, ServerOptions
from streamer.serve.sources import from_file
from tests.waiting import wait_until

ANYBODY: Final = Access(ServerOptions("127.0.0.1", 0))


class Said:
    """Remembers what a journal was told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, object]]] = []

    def say(self, event: str, _: str = "info", /, **facts: object) -> None:
        self.lines.append((event, facts))


class Answer(NamedTuple):
    """The status of an answer, its headers and its JSON."""

    status: int
    headers: dict[str, str]
    body: Any


class Asking:
    """Asks one server. `token` goes along where there is one."""

    def __init__(self, server: Server, said: Said, token: str | None = None) -> None:
        self.server = server
        self.said = said
        self.token = token

    def __call__(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        address = self.server.address + path
        request = urllib.request.Request(address, body, sent, method=method)  # noqa: S310 (our own)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 (the same)
                return _answer(answer)
        except urllib.error.HTTPError as problem:
            return _answer(problem)


def _answer(answer: Any) -> Answer:  # noqa: ANN401 (both of urllib's)
    body = answer.read()
    is_json = "json" in answer.headers.get("Content-Type", "")
    return Answer(answer.status, dict(answer.headers), json.loads(body) if is_json else body)


@contextmanager
def asking(
    file: Path,
    rules: list[str],
    folder: Path,
    access: Access = ANYBODY,
    *,
    kept: int = 1_000_000,
    deliveries: Sequence[str] = (),
    events: EventHistory | bool = True,
) -> Iterator[Asking]:
    """Serve the file of the embedded default for as long as the block takes.

    Where `events` is not True, the server knows no more than one on Kafka: these events, or none.
    """
    said = Said()
    loaded, shop = load_rules(rules), ShopFile(file) if events is True else None
    history = shop if isinstance(events, bool) else events
    follower = Follower(folder / "view.db", from_file(file), said, kept)
    server = Server(
        folder / "view.db",
        follower,
        Rulebook(loaded, rules),
        Stores(EmbeddedProfiles(file), history, shop, Deliveries(deliveries)),
        access,
        said,
    )
    with beside(server):
        wait_until(lambda: follower.status.ready, "the view is up to date", 60)
        yield Asking(server, said)
