"""Changes as server-sent events: each once, in order, and none lost to who comes back."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from streamer.adapters.database import Database
from streamer.adapters.sqlite import SqliteSink
from streamer.app.demo import Demo
from streamer.app.inputs import load_rules
from streamer.simulation import Simulation
from streamer.types import DAY
from tests.serve.asking import Asking, asking
from tests.serve.conftest import RULES


class Events:
    """One open stream, read event by event."""

    def __init__(self, answer: Any) -> None:  # noqa: ANN401 (urllib's)
        self._answer = answer

    def next(self) -> tuple[str, str, dict[str, Any]]:
        """Return the next event: its name, its id and its data."""
        name, known, data = "", "", None
        while True:
            line = self._answer.readline().decode().rstrip("\n")
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "id":
                known = value
            elif field == "data":
                data = json.loads(value)
            elif not line and data is not None:
                return name, known, data


@contextmanager
def stream(ask: Asking, last: str | None = None, query: str = "") -> Iterator[Events]:
    headers = {} if last is None else {"Last-Event-ID": last}
    address = f"{ask.server.address}/v1/changes/stream{query}"
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 (our own)
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 (the same)
        yield Events(answer)


def test_what_comes_is_told_and_what_was_missed_is_told_to_who_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    with Database(file) as database:
        shop = Demo(load_rules(RULES).compiled, database, Simulation(seed=2, customers=20))
        shop.advance(shop.began + DAY)
        with asking(file, RULES, tmp_path) as ask:
            with stream(ask) as events:
                assert events.next()[0] == "start"
                shop.advance(shop.began + 2 * DAY)
                wanted = [one.change_id for _, one in SqliteSink(database).changes(limit=10**6)]
                first = [events.next() for _ in range(3)]
            begun = wanted.index(first[0][2]["change_id"])
            assert [data["change_id"] for _, _, data in first] == wanted[begun : begun + 3]
            with stream(ask, first[-1][1]) as events:
                rest = [events.next()[2]["change_id"] for _ in wanted[begun + 3 :]]
            assert rest == wanted[begun + 3 :]
            with stream(ask, "0:0", "?segment=cart_abandoner") as events:
                assert events.next()[2]["segment"] == "cart_abandoner"


def test_who_missed_more_than_is_kept_is_told_to_ask_again(shop_file: Path, tmp_path: Path) -> None:
    with asking(shop_file, RULES, tmp_path, kept=50) as ask:
        for last in ("0:1", "nonsense", "0:1,7:1", "0:99999999", "0:" + "9" * 30):
            with stream(ask, last) as events:
                name, known, data = events.next()
                assert name == "reset"
                assert "not kept" in data["reason"]
            with stream(ask, known) as events:  # which is a good id from now on
                pass
