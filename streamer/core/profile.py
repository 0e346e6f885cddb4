"""One customer's state: what the memories hold, the memberships, the customer's own clock.

Guarantees that a profile is as small as what it must remember: memories are None until something
happened, and recent event ids are kept as 64-bit hashes, the last 256 in log order; beyond 16,
those at the front that are too old to be told again are dropped.
"""

from copy import deepcopy
from typing import Any, Final, TypeAlias

from streamer.core.stamps import STAMP_BYTES, instant, stamped
from streamer.hashes import ID_BYTES
from streamer.types import FOREVER, Millis

State: TypeAlias = Any
"""What a memory remembers: lists, dicts, numbers, texts, bytes, or None while there is nothing."""
MOST_IDS: Final = 256
ENTRY_BYTES: Final = ID_BYTES + STAMP_BYTES
"""One entry of the ring: an id's hash, then the stamp of its event."""
SHORT_BYTES: Final = 16 * ENTRY_BYTES
"""A ring up to there is not looked through for ids that are too old: that costs more than they."""


class Profile:
    """One customer's state. Instants in ms since 1970.

    `born` is the time of the first accepted event, `last` the largest time of one, `clock` the
    larger of `last` and the instants of changes, `wake` the next instant to look at. `inside` and
    `since` hold for each plan the rung the customer is reported on (0: none) and when that was
    last changed (0: never, or outside and of no more use). `sequence` counts the changes.

    `ids` is the ring of recent ids, the oldest in log order first, as one run of bytes: it is
    looked through as fast as a dictionary, and a tenth of its size.

    `flips` caches for each plan until when its last answer surely holds, as seen at `seen`. It is
    not stored; while it is empty every plan must be asked. `stamp` is that of the event which is
    being folded, and says nothing afterwards.
    """

    __slots__ = (
        "beyond",
        "born",
        "clock",
        "customer",
        "flips",
        "ids",
        "inside",
        "last",
        "memories",
        "seen",
        "sequence",
        "since",
        "stamp",
        "wake",
    )

    def __init__(self, customer: str, born: Millis, memories: int, plans: int) -> None:
        self.customer = customer
        self.born = born
        self.clock = born
        self.last = born
        self.wake: Millis = FOREVER
        self.sequence = 0
        self.ids = b""
        self.memories: list[State] = [None] * memories
        self.inside = [0] * plans
        self.since: list[Millis] = [0] * plans
        self.flips: list[Millis] = []
        self.seen: Millis = 0
        self.stamp = b""
        self.beyond: list[int] = []

    def copy(self) -> "Profile":
        """Return a profile that stands where this one does and goes its own way."""
        twin = Profile(self.customer, self.born, 0, 0)
        twin.last, twin.clock, twin.wake = self.last, self.clock, self.wake
        twin.sequence, twin.ids, twin.memories = self.sequence, self.ids, deepcopy(self.memories)
        twin.inside, twin.since, twin.flips = self.inside[:], self.since[:], self.flips[:]
        twin.seen, twin.stamp, twin.beyond = self.seen, self.stamp, self.beyond[:]
        return twin

    def went_beyond(self, slot: int) -> None:
        """Note that the memory in `slot` went beyond its stated bound."""
        self.beyond.append(slot)

    def knows(self, event_id: bytes, max_lateness: Millis) -> bool:
        """Say whether an event with this hash was accepted, lately enough for it to matter.

        If it was accepted twice, then because the first time was too old to matter.
        """
        at = self.ids.rfind(event_id)
        while at > 0 and at % ENTRY_BYTES:  # across two entries
            at = self.ids.rfind(event_id, 0, at + ID_BYTES - 1)
        if at < 0:
            return False
        time = instant(self.ids[at + ID_BYTES : at + ENTRY_BYTES])
        return self.clock - time <= max_lateness

    def accept(self, event_id: bytes, time: Millis, max_lateness: Millis) -> None:
        """Move the clock and add the id; forget what the ring has no room for or no use for."""
        if time > self.last:
            self.last = time
            if time > self.clock:
                self.clock = time
        self.stamp = stamp = stamped(time)
        ids = self.ids + event_id + stamp
        if len(ids) > SHORT_BYTES:
            oldest = stamped(self.clock - max_lateness)
            start = max(0, len(ids) - MOST_IDS * ENTRY_BYTES)
            while ids[start + ID_BYTES : start + ENTRY_BYTES] < oldest:
                start += ENTRY_BYTES
            ids = ids[start:]
        self.ids = ids
