"""A server for tests, beside the test in one process, and ways to ask it."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from streamer.adapters.view.embedded import EmbeddedProfiles
from streamer.app.inputs import load_rules
from streamer.serve.beside import beside
from streamer.serve.catalogue import Catalogue
from streamer.serve.follower import Follower
from streamer.serve.server import Access, Place, Server
from streamer.serve.sources import from_file
from streamer.serve.tokens import Tokens
from tests.waiting import wait_until


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

    def __call__(self, path: str, method: str = "GET", **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        request = urllib.request.Request(self.server.address + path, headers=sent, method=method)  # noqa: S310 (our own)
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
    file: Path, rules: list[str], folder: Path, tokens: Tokens | None = None, kept: int = 1_000_000
) -> Iterator[Asking]:
    """Serve the file of the embedded default for as long as the block takes."""
    said = Said()
    follower = Follower(folder / "view.db", from_file(file), said, kept)
    server = Server(
        folder / "view.db",
        follower,
        Catalogue.of(load_rules(rules)),
        EmbeddedProfiles(file),
        Access(Place("127.0.0.1", 0), tokens),
        said,
    )
    with beside(server):
        wait_until(lambda: follower.status.ready, "the view is up to date", 60)
        yield Asking(server, said)
