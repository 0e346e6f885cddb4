"""What happens to events between the shop and the log: late, twice, broken.

Each mishap is drawn apart from the shoppers, so that mixing them in changes no shopper.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import orjson

from streamer.instants import iso
from streamer.types import HOUR, MINUTE, Millis

LATENCY: Final[Millis] = 120
"""How long an event is under way when nothing happens to it, in ms."""

_SHORTEST: Final = MINUTE
_LONGEST: Final = 48 * HOUR
_SECOND_TIME: Final = 2 * MINUTE
_DEEP: Final = 40


@dataclass(frozen=True, slots=True)
class Mishaps:
    """The shares (0 to 1) of events that come late, that come twice, and of broken lines.

    Late ones are held back from a minute to two days: some are beyond what most rule sets accept.
    """

    late: float = 0.0
    duplicates: float = 0.0
    poison: float = 0.0


class Road:
    """Sends events on their way; `appended` writes the time of arrival into each line."""

    def __init__(self, mishaps: Mishaps, seed: int, *, appended: bool) -> None:
        self._mishaps = mishaps
        self._random = Random(f"{seed} mishaps")  # noqa: S311 (a seed, not secrecy)
        self._appended = appended
        self._safe = mishaps == Mishaps()

    def send(self, time: Millis, event: dict[str, Any]) -> Iterator[tuple[Millis, bytes]]:
        """Yield the lines that come of an event, with the time of their arrival."""
        arrival = time + LATENCY
        if self._safe:
            yield arrival, self._line(event, arrival)
            return
        chance = self._random.random
        if chance() < self._mishaps.late:
            # As many by minutes as by hours.
            arrival += int(_SHORTEST * (_LONGEST / _SHORTEST) ** chance())
        yield arrival, self._line(event, arrival)
        if chance() < self._mishaps.duplicates:
            again = arrival + int(_SECOND_TIME * chance())
            yield again, self._line(event, again)
        if chance() < self._mishaps.poison:
            yield arrival, self._poison(event, arrival)

    def _line(self, event: dict[str, Any], arrival: Millis) -> bytes:
        if self._appended:
            event = {**event, "appended": iso(arrival)}
        return orjson.dumps(event)

    def _poison(self, event: dict[str, Any], arrival: Millis) -> bytes:
        """Return a line that comes of the event and can be none."""
        whole = self._line(event, arrival)
        broken: dict[str, dict[str, Any]] = {
            "time in seconds": {"time": 1_767_225_600},
            "time without a zone": {"time": "2026-01-01T00:00:00"},
            "no time": {"time": None},
            "no customer": {"user_id": None, "anonymous_id": None},
            "not a name": {"name": "Product Viewed"},
            "line break in the id": {"id": "e\n1"},
            "list for an object": {"properties": []},
        }
        lines = [
            whole[: len(whole) // 2],
            whole.replace(b'"name"', b'"name\xff"', 1),
            whole.replace(b'"properties":{', b'"properties":{"price":NaN,', 1),
            b"[" * _DEEP + b"]" * _DEEP,
            *(self._line({**event, **damage}, arrival) for damage in broken.values()),
        ]
        return self._random.choice(lines)
