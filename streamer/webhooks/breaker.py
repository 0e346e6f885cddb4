"""A circuit breaker: an endpoint that fails too often gets a rest, then a probe.

closed     requests go out; their outcomes of the last `window` are counted
open       none goes out for `pause`
half-open  one goes out: its success closes the breaker, its failure opens it again
off        after `probes` failed ones in a row, until somebody switches the endpoint on again
"""

from collections import deque
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from streamer.types import Millis
from streamer.webhooks.settings import BreakerBounds

State: TypeAlias = Literal["closed", "open", "half-open", "off"]
_PARTS: Final = 30
"""The window is counted in so many parts, and moves by one of them."""


@dataclass(slots=True)
class _Part:
    number: int
    succeeded: int = 0
    failed: int = 0


class Breaker:
    """Counts outcomes and says whether a request may go out. Times are ms of one clock."""

    def __init__(self, bounds: BreakerBounds) -> None:
        self._bounds = bounds
        self._part = max(1, bounds.window // _PARTS)
        self._parts: deque[_Part] = deque(maxlen=_PARTS)
        self._until: Millis = 0
        self._probes = 0
        self._probing = False
        self.state: State = "closed"

    def allows(self, now: Millis) -> bool:
        """Return whether a request may go out now."""
        if self.state == "open" and now >= self._until:
            self.state = "half-open"
        return self.state == "closed" or (self.state == "half-open" and not self._probing)

    def sent(self) -> None:
        """Take note that a request has gone out."""
        self._probing = self.state == "half-open"

    def aborted(self) -> None:
        """Take note that a request has no outcome."""
        self._probing = False

    def succeeded(self, now: Millis) -> None:
        """Take note of a success."""
        if self.state == "closed":
            self._present(now).succeeded += 1
        elif self._probing:
            self.state, self._probing, self._probes = "closed", False, 0
            self._parts.clear()

    def failed(self, now: Millis) -> None:
        """Take note of a failure."""
        if self.state == "closed":
            self._present(now).failed += 1
            if self._too_many(now):
                self._open(now)
        elif self._probing:
            self._probing = False
            self._probes += 1
            if self._probes >= self._bounds.probes:
                self.state = "off"
            else:
                self._open(now)

    def _open(self, now: Millis) -> None:
        self.state = "open"
        self._until = now + self._bounds.pause

    def _too_many(self, now: Millis) -> bool:
        oldest = now // self._part - _PARTS
        counted = [part for part in self._parts if part.number > oldest]
        failed = sum(part.failed for part in counted)
        whole = failed + sum(part.succeeded for part in counted)
        return failed >= self._bounds.failures and failed >= self._bounds.share * whole

    def _present(self, now: Millis) -> _Part:
        number = now // self._part
        if not self._parts or self._parts[-1].number != number:
            self._parts.append(_Part(number))
        return self._parts[-1]
