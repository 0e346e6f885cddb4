"""Which change calls which function."""

import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, TypeVar

from streamer.errors import UsageError
from streamer.language.scalars import MEMBERSHIP_PATTERN, duration
from streamer.react.change import Change
from streamer.types import Direction, Millis

Transaction: TypeAlias = Any
"""A pipeline of `redis.asyncio`: what is put into it is done together with the mark "handled"."""
Handler: TypeAlias = Callable[..., Awaitable[object]]
Function = TypeVar("Function", bound=Handler)

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,199}")


@dataclass(frozen=True, slots=True)
class Reaction:
    """A function, and the changes that call it; `after` is a delay in ms, 0 for none.

    `shares` says that the function takes the transaction as well.
    """

    name: str
    handler: Handler
    segment: str
    direction: Direction
    holdout: bool
    after: Millis
    moved: bool = False
    to: str | None = None
    origin: str | None = None
    shares: bool = False

    def matches(self, change: Change) -> bool:
        """Return whether the change calls the function."""
        return change.direction == self.direction and self._is_about(change)

    def undone_by(self, change: Change) -> bool:
        """Return whether what waits for its delay is no longer so after the change."""
        return bool(self.after) and change.direction != self.direction and self._is_about(change)

    def _is_about(self, change: Change) -> bool:
        if change.holdout and not self.holdout:
            return False
        if not self.moved:
            return self.segment in (change.segment, change.ladder)
        return (
            change.ladder == self.segment
            and (self.to is None or change.segment == f"{self.segment}.{self.to}")
            and (
                self.origin is None or change.origin == self.origin or change.direction == "exited"
            )
        )


class Reactions:
    """The reactions of one service; `name` is its consumer group and begins its keys in Redis.

    A change is tried `tries` times, after pauses that begin with `first_pause` and double up to
    `longest_pause`, and is dead then. A function has `timeout` for one try. A new service begins
    with what comes from `now` on, or with the `earliest` change that the topic holds.
    """

    def __init__(
        self,
        name: str,
        *,
        tries: int = 10,
        first_pause: str = "1s",
        longest_pause: str = "10m",
        timeout: str = "30s",
        begin: Literal["now", "earliest"] = "now",
    ) -> None:
        if _NAME.fullmatch(name) is None:
            raise UsageError(f"{name!r} is no name: small letters, digits, - . and _")
        if tries < 1:
            raise UsageError("tries must be 1 or more")
        self.name = name
        self.tries = tries
        self.first_pause = _millis("first_pause", first_pause)
        self.longest_pause = _millis("longest_pause", longest_pause)
        self.timeout = _millis("timeout", timeout)
        self.begin = begin
        self.all: list[Reaction] = []

    def on_entered(
        self, segment: str, *, after: str | None = None, holdout: bool = False
    ) -> Callable[[Function], Function]:
        """Call the function when a customer enters a segment, or a tier of a ladder.

        With `after` ("1h"), so long after it, if the customer is still in. With `holdout`, also for
        the customers who are kept out of reactions.
        """
        return self._added(segment, "entered", holdout, after)

    def on_exited(
        self, segment: str, *, after: str | None = None, holdout: bool = False
    ) -> Callable[[Function], Function]:
        """Call the function when a customer leaves a segment; with `after`, if still out then."""
        return self._added(segment, "exited", holdout, after)

    def on_moved(
        self,
        ladder: str,
        *,
        to: str | None = None,
        origin: str | None = None,
        after: str | None = None,
        holdout: bool = False,
    ) -> Callable[[Function], Function]:
        """Call the function when a customer gets a tier of a ladder: any, or the one named.

        With `origin`, only when it was that tier before.
        """
        return self._added(ladder, "entered", holdout, after, moved=True, to=to, origin=origin)

    def pause(self, tries: int) -> Millis | None:
        """Return how long to wait after so many tries, None after the last."""
        if tries >= self.tries:
            return None
        return min(self.first_pause << min(tries - 1, 40), self.longest_pause)

    def _added(
        self,
        segment: str,
        direction: Direction,
        holdout: bool,  # noqa: FBT001 (passed on)
        after: str | None,
        *,
        moved: bool = False,
        to: str | None = None,
        origin: str | None = None,
    ) -> Callable[[Function], Function]:
        if re.fullmatch(MEMBERSHIP_PATTERN, segment) is None:
            raise UsageError(f"{segment!r} is no segment's key")

        def add(function: Function) -> Function:
            if not _is_async(function):
                raise UsageError(f"{function.__name__} must be `async def`")
            if any(each.name == function.__name__ for each in self.all):
                raise UsageError(
                    f"there are two reactions {function.__name__}: what is remembered of a "
                    "reaction goes by its name"
                )
            self.all.append(
                Reaction(
                    function.__name__,
                    function,
                    segment,
                    direction,
                    holdout,
                    0 if after is None else _millis("after", after),
                    moved,
                    to,
                    origin,
                    len(inspect.signature(function).parameters) > 1,
                )
            )
            return function

        return add


def _is_async(function: Handler) -> bool:
    return inspect.iscoroutinefunction(function)


def _millis(name: str, text: str) -> Millis:
    found = duration(text)
    if not found:
        raise UsageError(f"{name} must be a duration such as 30s, not {text!r}")
    return found
