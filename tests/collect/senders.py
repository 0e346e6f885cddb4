"""Senders that note what was answered 200, and try again what was not: what an SDK does."""

import json
import threading
from http.client import HTTPException
from typing import Self

from tests.collect.calls import fresh, track
from tests.collect.site import SECRET, Answer, Site
from tests.waiting import wait_until

BATCH = 20


class Sender:
    """Sends batches from a thread of its own until stopped; what is not taken, again and again."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._send, name="sender")
        self.taken: set[str] = set()
        self.statuses: set[int | None] = set()
        self.answers: list[Answer] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(120)
        assert not self._thread.is_alive()

    def _send(self) -> None:
        while not self._stopping.is_set():
            ids = [fresh() for _ in range(BATCH)]
            body = json.dumps({"batch": [track(each) for each in ids]}).encode()
            while not self._taken(body):
                if self._stopping.wait(0.05):
                    return
            self.taken.update(ids)

    def _taken(self, body: bytes) -> bool:
        try:
            answer = self._site.post("/v1/batch", body, SECRET)
        except (OSError, HTTPException):
            self.statuses.add(None)
            return False
        self.statuses.add(answer.status)
        if answer.status != 200:
            self.answers.append(answer)
        return answer.status == 200

    def wait_for_more(self, count: int = 10 * BATCH) -> None:
        """Return once so many more events are taken."""
        before = len(self.taken)
        wait_until(lambda: len(self.taken) >= before + count, f"{count} more events", 90)
