"""Profiles kept between batches: the bytes of many, decoded those of the most recent.

A decoded profile takes several times the room of its bytes. So profiles are decoded as long as
their bytes together stay within a budget; beyond it they are kept as bytes only, and a customer who
comes back costs what is decoded of them. The bytes are kept in two generations: what is used moves
to the young one, and when that is full it becomes the old one and the old one is dropped.
"""

from typing import Final, final

from streamer.core.profile import Profile

DECODED_BYTES: Final = 8 << 20
"""The bytes of the profiles that are kept decoded, too."""


@final
class Entry:
    """A customer's profile as it was committed: `data` None where there is none.

    `profile` is the same decoded, None where it is not, or where there is none.
    """

    __slots__ = ("data", "profile")

    def __init__(self, data: bytes | None, profile: Profile | None) -> None:
        self.data = data
        self.profile = profile


@final
class ProfileCache:
    """At most `size` profiles by customer; that a customer has none is known, too."""

    def __init__(self, size: int, decoded_bytes: int = DECODED_BYTES) -> None:
        self._half = max(1, size // 2)
        self._budget = decoded_bytes
        self._spent = 0
        self._decoded: dict[str, Entry] = {}
        self._young: dict[str, Entry] = {}
        self._old: dict[str, Entry] = {}

    def get(self, customer: str) -> Entry | None:
        """Return what is known of a customer, None where nothing is."""
        entry = self._decoded.get(customer)
        if entry is None:
            entry = self._young.get(customer)
            if entry is None:
                entry = self._old.get(customer)
        return entry

    def keep(self, customer: str, entry: Entry) -> None:
        """Keep a profile as the most recently used one."""
        if customer not in self._decoded:
            self._spent += 100 if entry.data is None else 100 + len(entry.data)
        self._decoded[customer] = entry
        if self._spent > self._budget or len(self._decoded) > self._half:
            self._demote()

    def _demote(self) -> None:
        """Keep what is decoded as bytes only."""
        for customer, entry in self._decoded.items():
            entry.profile = None
            self._young[customer] = entry
        self._decoded, self._spent = {}, 0
        if len(self._young) > self._half:
            self._old, self._young = self._young, {}

    def clear(self) -> None:
        """Forget everything: another owner may have changed it."""
        self._decoded, self._young, self._old, self._spent = {}, {}, {}, 0
