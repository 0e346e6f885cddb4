"""What goes wrong while reactions work: said, and remembered where only a new process heals it."""

import time
from collections.abc import Callable
from typing import Final

from redis.exceptions import RedisError

from streamer.app.live import Journal
from streamer.errors import Fenced, StreamerError

_AGAIN_S: Final = 10.0
"""What has been said of a partition is said again after so long: partitions are looked at often."""


class Trouble:
    """`fatal` says why this process cannot go on, None while it can."""

    def __init__(self, journal: Journal, clock: Callable[[], float] = time.monotonic) -> None:
        self._journal = journal
        self._clock = clock
        self._said: dict[tuple[int | None, str], float] = {}
        self.fatal: str | None = None

    def met(self, error: Exception, partition: int | None = None) -> None:
        """Take note of an error: Redis or Kafka that is away, a lost partition, or a mistake."""
        where = {} if partition is None else {"partition": partition}
        if isinstance(error, Fenced):
            self.fatal = str(error)
        elif isinstance(error, RedisError | StreamerError):
            if self._is_news(partition, str(error)):
                self._journal.say("unavailable", "warning", error=str(error), **where)
        else:
            self._journal.say("failed", "error", error=repr(error), **where)

    def _is_news(self, partition: int | None, error: str) -> bool:
        now = self._clock()
        self._said = {one: at for one, at in self._said.items() if now - at < _AGAIN_S}
        if (partition, error) in self._said:
            return False
        self._said[partition, error] = now
        return True
