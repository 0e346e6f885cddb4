"""Ends a process that stands still, or that cannot go on.

Faust can lose its place in the group without knowing, or end an agent in silence. What starts the
process again heals both, and nothing is lost, since `reading` goes by positions of its own.
"""

import os
import threading
import time
from collections.abc import Callable
from typing import Final

from streamer.app.live import Journal

STANDS_STILL: Final = 70
"""The exit status."""
_LOOK_S: Final = 1.0


class Watchdog:
    """Looks from a thread of its own, so that a blocked event loop is seen as well.

    `turns` counts what was done, `behind` says whether there is a record to be read; it may block
    and raise. After `patience` seconds in which nothing was done and something was there, the
    process ends with `STANDS_STILL`. It does so at once where `broken` says why it has to.
    """

    def __init__(
        self,
        turns: Callable[[], int],
        behind: Callable[[], bool],
        patience: float,
        journal: Journal,
        broken: Callable[[], str | None] = lambda: None,
        end: Callable[[int], object] = os._exit,
    ) -> None:
        self._turns = turns
        self._behind = behind
        self._patience = patience
        self._journal = journal
        self._broken = broken
        self._end = end
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._closing.set()

    def give_up(self, reason: str) -> None:
        """End the process, whichever threads still run; say why."""
        self._journal.say("cannot go on", "error", reason=reason)
        self._end(STANDS_STILL)

    def _watch(self) -> None:
        turns, since = self._turns(), time.monotonic()
        while not self._closing.wait(_LOOK_S):
            if (reason := self._broken()) is not None:
                self.give_up(reason)
                return
            if self._turns() != turns:
                turns, since = self._turns(), time.monotonic()
            elif time.monotonic() - since > self._patience:
                if self._is_behind():
                    self._journal.say("stands still", "error", seconds=round(self._patience))
                    self._end(STANDS_STILL)
                    return
                since = time.monotonic()

    def _is_behind(self) -> bool:
        try:
            return self._behind()
        except Exception as error:  # noqa: BLE001 (Kafka may be away: then nobody can read)
            self._journal.say("unavailable", "warning", error=str(error))
            return False
