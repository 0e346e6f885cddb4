"""What goes wrong while reactions work: said, and remembered where only a new process heals it."""

from redis.exceptions import RedisError

from streamer.app.live import Journal
from streamer.errors import Fenced, StreamerError


class Trouble:
    """`fatal` says why this process cannot go on, None while it can."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.fatal: str | None = None

    def met(self, error: Exception, partition: int | None = None) -> None:
        """Take note of an error: Redis or Kafka that is away, a lost partition, or a mistake."""
        where = {} if partition is None else {"partition": partition}
        if isinstance(error, Fenced):
            self.fatal = str(error)
        elif isinstance(error, RedisError | StreamerError):
            self._journal.say("unavailable", "warning", error=str(error), **where)
        else:
            self._journal.say("failed", "error", error=repr(error), **where)
