"""Stored profiles as they are looked at from outside: read, and never claimed.

A worker owns what it has claimed. A mere reader reads beside it, and takes what is
there as it is: it may be older than what the worker has decided since.
"""

from typing import NamedTuple, Protocol

from streamer.types import Millis


class FoundProfile(NamedTuple):
    """The bytes of a profile, its partition, and the layouts of that.

    `log_time` is that of the last commit, None where the log has no time of its own; `fired_at` up
    to when wakes have fired.
    """

    profile: bytes
    partition: int
    layouts: dict[bytes, bytes]
    log_time: Millis | None
    fired_at: Millis


class Profiles(Protocol):
    """A store that is only read, by several threads."""

    @property
    def live(self) -> bool:
        """Whether time goes on there as it does here, by the wall clock."""

    def find(self, customer: str, partition: int | None) -> FoundProfile | None:
        """Return a customer's profile, None where there is none.

        `partition` None is not known. Raises `Unavailable`.
        """
