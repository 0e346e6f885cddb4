"""Errors of the library and of the server, put into words: which server, what is wrong, what to do.

What passes by itself, or when an operator repairs the server, becomes `Unavailable`; what does not
become right without another setting of ours, `AdapterError`. No text holds a password.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    ConnectionError,  # noqa: A004 (the library's name for it)
    MasterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    TimeoutError,  # noqa: A004 (the same)
    TryAgainError,
)

from streamer.errors import AdapterError, Unavailable

_LASTING: Final = {
    "NOAUTH": "wants a password: put it into the address, redis://:PASSWORD@host:port/0",
    "WRONGPASS": "refuses the user or the password: correct them in the address",
    "NOPERM": "does not let this user do what is needed: allow it all commands on keys {GROUP:*",
}
_PASSING: Final = {
    "LOADING": "is still loading its data: wait",
    "READONLY": "is a replica and takes no writes: if it stays one, name the primary",
    "OOM": "is full: raise its maxmemory",
    "MISCONF": "does not write, because it cannot save to its disk: see its log",
    "BUSY": "is busy with a script that does not end: SCRIPT KILL ends it",
    "MASTERDOWN": "is a replica without its primary: see its log",
    "CLUSTERDOWN": "is a cluster in which slots have no node: see CLUSTER INFO",
    "NOREPLICAS": "has fewer replicas than min-replicas-to-write asks for",
    "TRYAGAIN": "is a cluster that is moving the partition's keys: wait",
}
_KINDS: Final[dict[type[Exception], str]] = {
    NoPermissionError: "NOPERM",
    BusyLoadingError: "LOADING",
    ReadOnlyError: "READONLY",
    OutOfMemoryError: "OOM",
    MasterDownError: "MASTERDOWN",  # a kind of the next
    ClusterDownError: "CLUSTERDOWN",
    TryAgainError: "TRYAGAIN",
}
"""The library cuts the code from the texts of these."""
_CODE: Final = re.compile(rf"\b({'|'.join([*_LASTING, *_PASSING])})\b")
"""Stands first, except that Redis 6.2 puts it behind the place in a script that failed."""


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Raise the block's errors as ours; `where` names the server without its password."""
    try:
        yield
    except (RedisError, RedisClusterException) as error:
        raise _translation(where, error) from error


def _translation(where: str, error: Exception) -> AdapterError:
    code = _code(error)
    if code in _LASTING:
        return AdapterError(f"{where} {_LASTING[code]}")
    if code in _PASSING:
        return Unavailable(f"{where} {_PASSING[code]}")
    if isinstance(error, TimeoutError):
        return Unavailable(f"{where} does not answer in time: it hangs, or the way to it does")
    if isinstance(error, ConnectionError | RedisClusterException):
        return Unavailable(f"{where} cannot be reached: {error}")
    return AdapterError(f"{where} cannot do what was asked of it: {error}")


def _code(error: Exception) -> str:
    """Return the server's word for what is wrong, '' if it is none of those above."""
    if isinstance(error, AuthenticationError):
        # without a password: "Authentication required."
        return "NOAUTH" if "required" in str(error) else "WRONGPASS"
    for kind, code in _KINDS.items():
        if isinstance(error, kind):
            return code
    found = _CODE.search(str(error))
    return found[1] if found else ""
