"""The profiles cached between batches: many as bytes, the most recent ones decoded, too.

A decoded profile takes several times the memory of its bytes. So profiles stay decoded while their
bytes together are within a budget; then all of them are kept as bytes only, and a customer who
comes back is decoded again. The bytes are in two generations: a used profile moves to the young
one, and when that is full it becomes the old one and the old one is dropped.
"""

from typing import Final, final

from mypy_extensions import mypyc_attr

from streamer.core.profile import Profile

DECODED_BYTES: Final = 8 << 20
"""The budget: how many bytes the profiles come to that are cached decoded."""


@final
@mypyc_attr(acyclic=True)
class CachedProfile:
    """A committed profile: `data` are its bytes, None if the customer has no profile.

    `profile` is the same profile decoded, None if it is not decoded or does not exist.
    """

    __slots__ = ("data", "profile")

    def __init__(self, data: bytes | None, profile: Profile | None) -> None:
        self.data = data
        self.profile = profile


@final
class ProfileCache:
    """At most `size` profiles by customer; it also knows customers without a profile."""

    def __init__(self, size: int, decoded_bytes: int = DECODED_BYTES) -> None:
        self._half = max(1, size // 2)
        self._budget = decoded_bytes
        self._spent = 0
        self._decoded: dict[str, CachedProfile] = {}
        self._young: dict[str, CachedProfile] = {}
        self._old: dict[str, CachedProfile] = {}

    def get(self, customer: str) -> CachedProfile | None:
        """Return the entry of a customer, None if there is none."""
        entry = self._decoded.get(customer)
        if entry is None:
            entry = self._young.get(customer)
            if entry is None:
                entry = self._old.get(customer)
        return entry

    def keep(self, customer: str, entry: CachedProfile) -> None:
        """Add a profile as the most recently used one."""
        if customer not in self._decoded:
            self._spent += 100 if entry.data is None else 100 + len(entry.data)
        self._decoded[customer] = entry
        if self._spent > self._budget or len(self._decoded) > self._half:
            self._demote()

    def _demote(self) -> None:
        """Drop the decoded form of all profiles."""
        for customer, entry in self._decoded.items():
            entry.profile = None
            self._young[customer] = entry
        self._decoded, self._spent = {}, 0
        if len(self._young) > self._half:
            self._old, self._young = self._young, {}

    def clear(self) -> None:
        """Drop all entries: another owner may have changed the profiles."""
        self._decoded, self._young, self._old, self._spent = {}, {}, {}, 0
