"""One customer's profile: the states of the cells, the memberships, the customer's own clock.

Guarantees that a profile costs what is looked at: the cells of a stored profile stay encoded until
an event or a question touches them, and a cell that no event has changed since is stored again as
the bytes that it was.
"""

from typing import Any, Final, TypeAlias

from librt.strings import BytesWriter
from mypy_extensions import mypyc_attr

from streamer.core.links import Links
from streamer.core.packing import put, unpacked
from streamer.hashes import ID_BYTES
from streamer.types import FOREVER, Millis

MOST_IDS: Final = 256
SHORT: Final = 16
"""A ring up to there is not looked through for ids that are too old: that costs more than they."""

Packed: TypeAlias = Any
"""What a state is stored as: lists, numbers, texts and bytes, without our own classes."""


@mypyc_attr(acyclic=True)
class State:
    """What one cell remembers of one customer. A kind defines `pack` or, for speed, `write`.

    `weight` is about how many bytes of it grow with what the customer does: 0 for the kinds whose
    size the rule alone bounds.
    """

    __slots__ = ("weight",)

    def __init__(self) -> None:
        self.weight = 0

    def pack(self, base: Millis) -> Packed:
        """Return the state as plain values, instants as distances from `base`."""
        out = BytesWriter()
        self.write(out, base)
        return unpacked(out.getvalue())

    def write(self, out: BytesWriter, base: Millis) -> None:
        """Append the bytes of what `pack` returns; kinds that most events meet do just that."""
        put(out, self.pack(base))


@mypyc_attr(acyclic=True)
class Profile:
    """One customer's profile. Instants in ms since 1970.

    `born` is the time of the first accepted event, `last` the largest time of one, `clock` the
    larger of `last` and the instants of changes, `wake` the next instant to look at. `inside` and
    `since` hold for each segment the tier that the customer is reported in (0: none) and when that
    last changed (0: never, or outside and of no more use). `sequence` counts the changes.

    `states` holds a state for each cell, None while there is nothing, or while nothing has asked
    for it and it is in `frozen` only. `frozen` holds a cell's bytes for as long as they are what it
    remembers, else None; the instants in them are distances from `base`. `weight` is the sum of
    the states' weights.

    `ids` are the hashes of recent ids, the oldest in log order first, as one run of bytes, and
    `id_times` the times of their events.

    `valid_until` caches for each segment until when its last answer surely holds, as seen at
    `seen`; while it is empty every segment must be decided. `overflows` lists the
    slots of cells that dropped something within their bounds of exactness, once for each time.

    `links` is what is known of other ids, None where there is nothing. A profile whose links name a
    `user` is an *alias*: it stands where the profile of an anonymous id was, and holds no more.
    """

    __slots__ = (
        "base",
        "born",
        "clock",
        "customer",
        "frozen",
        "id_times",
        "ids",
        "inside",
        "last",
        "links",
        "overflows",
        "seen",
        "sequence",
        "since",
        "states",
        "valid_until",
        "wake",
        "weight",
    )

    def __init__(self, customer: str, born: Millis, cells: int, segments: int) -> None:
        self.customer = customer
        self.born = born
        self.base = born
        self.clock = born
        self.last = born
        self.wake: Millis = FOREVER
        self.sequence = 0
        self.ids = b""
        self.id_times: list[Millis] = []
        self.states: list[State | None] = [None] * cells
        self.frozen: list[bytes | None] = [None] * cells
        self.weight = 0
        self.inside = [0] * segments
        self.since: list[Millis] = [0] * segments
        self.valid_until: list[Millis] = []
        self.seen: Millis = 0
        self.overflows: list[int] = []
        self.links: Links | None = None

    def knows(self, event_id: bytes, max_lateness: Millis) -> bool:
        """Say whether an event with this hash was accepted, lately enough for it to matter.

        If it was accepted twice, then because the first time was too old to matter.
        """
        at = self.ids.rfind(event_id)
        while at > 0 and at % ID_BYTES:  # across two hashes
            at = self.ids.rfind(event_id, 0, at + ID_BYTES - 1)
        return at >= 0 and self.clock - self.id_times[at // ID_BYTES] <= max_lateness

    def accept(self, event_id: bytes, time: Millis, max_lateness: Millis) -> None:
        """Move the clock and add the id; forget what the ring has no room for or no use for."""
        if time > self.last:
            self.last = time
            if time > self.clock:
                self.clock = time
        self.ids += event_id
        self.id_times.append(time)
        if len(self.id_times) > SHORT:
            self.forget_ids(max_lateness)

    def forget_ids(self, max_lateness: Millis) -> None:
        """Forget the ids in front that are too old to matter, and what is more than 256."""
        times, oldest = self.id_times, self.clock - max_lateness
        first = max(0, len(times) - MOST_IDS)
        while first < len(times) and times[first] < oldest:
            first += 1
        if first:
            del times[:first]
            self.ids = self.ids[first * ID_BYTES :]
