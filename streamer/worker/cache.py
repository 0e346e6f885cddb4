"""Decoded profiles kept between cycles, bounded, the ones not used for longest dropped first.

Kept in two generations: what is used moves to the young one, and when that is full it becomes the
old one and the old one is dropped. So between half and all of `size` most recent profiles are
there, for less than a list in exact order of use would cost.
"""

from collections.abc import Mapping

from streamer.core.profile import Profile


class ProfileCache:
    """At most `size` profiles by customer; None is kept too, for customers known to have none."""

    def __init__(self, size: int) -> None:
        self._half = max(1, size // 2)
        self._young: dict[str, Profile | None] = {}
        self._old: dict[str, Profile | None] = {}

    def __contains__(self, customer: str) -> bool:
        """Say whether it is known what profile the customer has."""
        return customer in self._young or customer in self._old

    def get(self, customer: str) -> Profile | None:
        """Return the customer's profile, None where there is none."""
        if customer in self._young:
            return self._young[customer]
        return self._old.get(customer)

    def keep(self, profiles: Mapping[str, Profile | None]) -> None:
        """Keep these profiles as the most recently used ones."""
        self._young.update(profiles)
        if len(self._young) > self._half:
            self._old, self._young = self._young, {}

    def clear(self) -> None:
        """Forget everything: another owner may have changed it."""
        self._young, self._old = {}, {}
