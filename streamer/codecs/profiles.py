"""Profiles as bytes: compact, versioned, readable under other rules than those that wrote them.

The bytes are one MessagePack array: the version, the layout's id, then the profile's instants and
counters, recent ids, memberships and memories, each list in the order of the layout. The *layout*
is what the rule set's order means: the content hash of each memory, the key of each segment or
ladder and its tiers. It is the same for millions of profiles, so it is kept once, beside them, and
only its id is in each.

A profile of another layout is put in the order of this one: what both share is found again, a new
memory starts empty, one that no rule needs any more is dropped, a tier is found by its name.

Sums can go beyond the 64 bits that MessagePack gives a number: such a number is an extension of 16
bytes.

The answers that a profile caches are not stored: they follow from the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import msgspec

from streamer.core.memory import State
from streamer.core.profile import ENTRY_BYTES, MOST_IDS, Profile
from streamer.core.ruleset import RuleSet
from streamer.errors import AdapterError
from streamer.types import Millis

VERSION: Final = 1
PROFILE_BYTES: Final = 80 + MOST_IDS * ENTRY_BYTES
"""The most bytes that a profile takes besides its memories and memberships."""
MEMBERSHIP_BYTES: Final = 9 + 3
"""The most bytes that one segment or ladder takes in a profile."""
MEMORY_BYTES: Final = 1
"""What an empty memory takes in a profile."""

_LARGE: Final = 1
"""The code of the extension for numbers beyond 64 bits."""
_LARGE_BYTES: Final = 16


def _extended(code: int, data: memoryview) -> int:
    if code != _LARGE:
        raise ValueError(f"unknown extension {code}")
    return int.from_bytes(data, "big", signed=True)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(ext_hook=_extended).decode


@dataclass(frozen=True, slots=True)
class Layout:
    """What the lists in a profile's bytes mean, in their order."""

    memories: tuple[bytes, ...]
    plans: tuple[tuple[bytes, tuple[str, ...]], ...]

    @classmethod
    def of(cls, rules: RuleSet) -> "Layout":
        """Return the layout of the profiles that a rule set writes."""
        plans = (
            (key, tuple(rung.tier or "" for rung in plan.rungs))
            for key, plan in zip(rules.plan_keys, rules.plans, strict=True)
        )
        return cls(rules.memory_keys, tuple(plans))

    @classmethod
    def read(cls, data: bytes) -> "Layout":
        """Return the layout that `written` gave these bytes for."""
        memories, plans = _decode(data)
        return cls(tuple(memories), tuple((key, tuple(tiers)) for key, tiers in plans))

    def written(self) -> bytes:
        """Return the layout as bytes."""
        return _encode((self.memories, self.plans))


class ProfileCodec:
    """Profiles of one rule set to bytes and back.

    `layouts` are those under which profiles may have been written, as bytes by their ids.
    """

    def __init__(self, rules: RuleSet, layouts: Mapping[bytes, bytes] | None = None) -> None:
        self._layout = Layout.of(rules)
        written = self._layout.written()
        self.id = blake2b(written, digest_size=8).digest()
        self.own = {self.id: written}
        """This rule set's layout by its id, to be kept with the profiles."""
        self._layouts = {known: Layout.read(data) for known, data in (layouts or {}).items()}

    def encode(self, profile: Profile) -> bytes:
        """Return the profile's bytes."""
        fields = (
            VERSION,
            self.id,
            profile.born,
            profile.clock,
            profile.last,
            profile.wake,
            profile.sequence,
            profile.ids,
            profile.since,
            profile.inside,
        )
        try:
            return _encode((*fields, profile.memories))
        except OverflowError:
            return _encode((*fields, _within_64_bits(profile.memories)))

    def decode(self, customer: str, data: bytes) -> Profile:
        """Return the profile. Raises `AdapterError` for bytes that cannot be read here."""
        try:
            version, layout, born, clock, last, wake, sequence, *rest = _decode(data)
            ids, since, inside, memories = rest
        except (msgspec.DecodeError, TypeError, ValueError) as error:
            raise AdapterError(f"a stored profile cannot be read: {error}") from error
        if version != VERSION:
            raise AdapterError(
                f"a stored profile has version {version}; this program reads version {VERSION}"
            )
        profile = Profile(customer, born, len(self._layout.memories), len(self._layout.plans))
        profile.clock, profile.last, profile.wake = clock, last, wake
        profile.sequence, profile.ids = sequence, ids
        if layout == self.id:
            profile.since, profile.inside, profile.memories = since, inside, memories
        elif layout in self._layouts:
            self._rearrange(profile, self._layouts[layout], since, inside, memories)
        else:
            raise AdapterError(
                "a stored profile was written under rules whose layout the store does not know"
            )
        return profile

    def _rearrange(
        self,
        profile: Profile,
        layout: Layout,
        since: list[Millis],
        inside: list[int],
        memories: list[State],
    ) -> None:
        """Fill the profile with what another layout and this one share."""
        states = dict(zip(layout.memories, memories, strict=True))
        profile.memories = [states.get(key) for key in self._layout.memories]
        old = {key: (place, tiers) for place, (key, tiers) in enumerate(layout.plans)}
        for place, (key, tiers) in enumerate(self._layout.plans):
            if key in old:
                was, old_tiers = old[key]
                tier = old_tiers[inside[was] - 1] if inside[was] else None
                profile.since[place] = since[was]
                profile.inside[place] = tiers.index(tier) + 1 if tier in tiers else 0


def _within_64_bits(part: State) -> State:
    """Return the state with every number beyond 64 bits as an extension."""
    if isinstance(part, list | tuple):
        return [_within_64_bits(one) for one in part]
    if isinstance(part, dict):
        return {key: _within_64_bits(one) for key, one in part.items()}
    if isinstance(part, int) and not -(1 << 63) <= part < 1 << 63:
        return msgspec.msgpack.Ext(_LARGE, part.to_bytes(_LARGE_BYTES, "big", signed=True))
    return part
