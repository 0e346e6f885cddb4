"""How many events a key, or an address, may send: token buckets in bounded memory.

A bucket holds up to ten seconds of its rate. A request may take more than it holds, since how many
events a body has is known only when it was read; then the next one waits until that is paid back.
Of too many addresses the longest silent ones are forgotten. No address is ever written anywhere.
"""

import math
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

_BURST_S: Final = 10.0
_MOST: Final = 100_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Rates:
    """The buckets of one collector. Times are seconds of a clock that never goes back."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._buckets: OrderedDict[Hashable, _Bucket] = OrderedDict()

    def wait(self, who: Hashable, rate: float, now: float) -> int:
        """Return after how many whole seconds `who` may send again; 0 for now."""
        tokens = self._filled(who, rate, now).tokens
        return 0 if tokens > 0 else max(1, math.ceil(-tokens / rate))

    def take(self, who: Hashable, rate: float, now: float, events: int) -> None:
        """Take the events from the bucket, also more than it holds."""
        self._filled(who, rate, now).tokens -= events

    def _filled(self, who: Hashable, rate: float, now: float) -> _Bucket:
        full = max(1.0, rate * _BURST_S)
        bucket = self._buckets.get(who)
        if bucket is None:
            bucket = self._buckets[who] = _Bucket(full, now)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        else:
            bucket.tokens = min(full, bucket.tokens + (now - bucket.at) * rate)
            bucket.at = now
            self._buckets.move_to_end(who)
        return bucket
