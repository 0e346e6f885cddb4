"""Profiles as bytes: compact, versioned, independent of the order of rules.

The bytes are one MessagePack array: the version, the profile's instants and counters, recent ids,
memberships under the hash of their segment's or ladder's key, and memories under their content
hash. So a rule set finds again what it shares with the one that wrote the bytes: a new memory
starts empty, one that no rule needs any more is dropped, and a tier is found by its name.

The answers that a profile caches are not stored: they follow from the rest.
"""

from typing import Final

import msgspec

from streamer.core.profile import Profile
from streamer.core.ruleset import RuleSet
from streamer.errors import AdapterError

VERSION: Final = 1
PROFILE_BYTES: Final = 256 * 18 + 64
"""The most bytes that a profile takes besides its memories and memberships."""
MEMBERSHIP_BYTES: Final = 8 + 1 + 9 + 65
MEMORY_BYTES: Final = 8
"""The most bytes that one membership takes, and one memory besides its state."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


class ProfileCodec:
    """Profiles of one rule set to bytes and back."""

    def __init__(self, rules: RuleSet) -> None:
        self._memory_keys = rules.memory_keys
        self._plan_keys = rules.plan_keys
        self._tiers: list[list[str | int]] = [
            [0, *(rung.tier or 1 for rung in plan.rungs)] for plan in rules.plans
        ]

    def encode(self, profile: Profile) -> bytes:
        """Return the profile's bytes."""
        memories = {
            key: state
            for key, state in zip(self._memory_keys, profile.memories, strict=True)
            if state is not None
        }
        standing = {
            key: (since, tiers[inside])
            for key, since, inside, tiers in zip(
                self._plan_keys, profile.since, profile.inside, self._tiers, strict=True
            )
            if since
        }
        return _encode(
            (
                VERSION,
                profile.born,
                profile.clock,
                profile.last,
                profile.wake,
                profile.sequence,
                profile.ids,
                standing,
                memories,
            )
        )

    def decode(self, customer: str, data: bytes) -> Profile:
        """Return the profile. Raises `AdapterError` for bytes that no version here wrote."""
        try:
            version, born, clock, last, wake, sequence, ids, standing, memories = _decode(data)
        except (msgspec.DecodeError, TypeError, ValueError) as error:
            raise AdapterError(
                f"the stored profile of a customer cannot be read: {error}"
            ) from error
        if version != VERSION:
            raise AdapterError(
                f"a stored profile has version {version}; this program reads version {VERSION}"
            )
        profile = Profile(customer, born, len(self._memory_keys), len(self._plan_keys))
        profile.clock, profile.last, profile.wake = clock, last, wake
        profile.sequence, profile.ids = sequence, ids
        profile.memories = [memories.get(key) for key in self._memory_keys]
        for place, key in enumerate(self._plan_keys):
            if key in standing:
                since, tier = standing[key]
                tiers = self._tiers[place]
                profile.inside[place] = tiers.index(tier) if tier in tiers else 0
                profile.since[place] = since
        return profile
