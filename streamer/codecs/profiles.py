"""Profiles as bytes: compact, versioned, readable under other rules than those that wrote them.

The bytes are one MessagePack array: the version, the layout's id, then the profile's instants (each
after the first as the distance from the one before) and its counter, recent ids, memberships and
memories, each list in the order of the layout. The *layout* is what the rule set's order means: its
version, the content hash of each memory, the key of each segment or ladder and its tiers. It is the
same for millions of profiles, so it is kept once, beside them, and only its id is in each.

A profile of another layout is put in the order of this one: what both share is found again, a new
memory starts empty (that of any event's times with the last one, which the profile itself knows),
one that no rule needs any more is dropped, a tier is found by its name.
`ProfileCodec.read` says that it was of another one, and names the memberships that are lost.

Sums can go beyond the 64 bits that MessagePack gives a number: such a number is an extension of 16
bytes.

The answers that a profile caches are not stored: they follow from the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Final, NamedTuple

import msgspec

from streamer.core.leaves.counting import Times
from streamer.core.profile import ENTRY_BYTES, MOST_IDS, Profile, State
from streamer.core.ruleset import RuleSet
from streamer.core.stamps import stamped
from streamer.errors import AdapterError, Fenced
from streamer.types import Millis

VERSION: Final = 1
LAYOUT_ID_BYTES: Final = 4
"""Short, because it is in every profile; two layouts with one id are refused."""
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
    """What the lists in a profile's bytes mean, in their order.

    `rules` is the rule set's version. Each plan is its key and its tiers, empty for a segment.
    `in_force` is the instant from which the rule set decided there, and no part of what the
    layout is.
    """

    rules: str
    memories: tuple[bytes, ...]
    plans: tuple[tuple[str, tuple[str, ...]], ...]
    in_force: Millis = field(default=0, compare=False)

    @classmethod
    def of(cls, rules: RuleSet) -> "Layout":
        """Return the layout of the profiles that a rule set writes."""
        plans = (
            (plan.key, tuple(rung.tier for rung in plan.rungs if rung.tier is not None))
            for plan in rules.plans
        )
        return cls(rules.version, rules.memory_keys, tuple(plans))

    @classmethod
    def read(cls, data: bytes) -> "Layout":
        """Return the layout that `written` gave these bytes for."""
        rules, memories, plans, *in_force = _decode(data)
        ordered = tuple((key, tuple(tiers)) for key, tiers in plans)
        return cls(rules, tuple(memories), ordered, *in_force)

    def written(self) -> bytes:
        """Return the layout as bytes."""
        return _encode((self.rules, self.memories, self.plans, self.in_force))

    @property
    def id(self) -> bytes:
        """A short hash of what the layout is."""
        content = _encode((self.rules, self.memories, self.plans))
        return blake2b(content, digest_size=LAYOUT_ID_BYTES).digest()

    def memberships(self, inside: list[int]) -> list[str]:
        """Return the memberships that a profile's list says."""
        return [
            f"{key}.{tiers[number - 1]}" if tiers else key
            for (key, tiers), number in zip(self.plans, inside, strict=True)
            if number
        ]

    def places(self) -> dict[str, tuple[int, int]]:
        """Return for each membership its plan's place and its number there."""
        return {
            f"{key}.{tier}" if tiers else key: (place, number)
            for place, (key, tiers) in enumerate(self.plans)
            for number, tier in enumerate(tiers or (key,), 1)
        }


class Stored(NamedTuple):
    """A profile as it was kept.

    `rules` is the version of the rule set that wrote it, None if that is the present one. `lost`
    names the memberships that the profile was in and the present rules do not have.
    """

    profile: Profile
    rules: str | None = None
    lost: tuple[str, ...] = ()


class ProfileCodec:
    """Profiles of one rule set to bytes and back.

    `layouts` are those under which profiles may have been written, as bytes by their ids; `now` is
    the instant up to which they were decided. Raises `AdapterError` if one of the layouts has the
    id of this rule set's and is another.

    `in_force` is the instant from which this rule set decides: that of its layout if that came
    last, else `now`. `others` are the ids of the layouts of other rule sets, `begun` the slots of
    the memories that one of those does not have: they begin without what they would hold.
    """

    def __init__(
        self, rules: RuleSet, layouts: Mapping[bytes, bytes] | None = None, now: Millis = 0
    ) -> None:
        layout = Layout.of(rules)
        self.id = layout.id
        self._layouts = {known: Layout.read(data) for known, data in (layouts or {}).items()}
        before = self._layouts.get(self.id)
        if before not in (None, layout):
            raise AdapterError(
                f"the store knows another layout of profiles as {self.id.hex()}: "
                "give the rule set another name in its header"
            )
        latest = max((each.in_force for each in self._layouts.values()), default=0)
        is_latest = before is not None and before.in_force == latest
        self.in_force = latest if is_latest else max(now, latest)
        self._layout = replace(layout, in_force=self.in_force)
        self._plans = {key: place for place, (key, _) in enumerate(layout.plans)}
        self._places = layout.places()
        self.own = {self.id: self._layout.written()}
        """This rule set's layout by its id, to be kept with the profiles."""
        self.others = tuple(known for known in self._layouts if known != self.id)
        counts = ((slot, it) for slot, it in enumerate(rules.memories) if isinstance(it, Times))
        self._of_everything = {slot: it.keep for slot, it in counts if it.of_everything}
        self.begun = frozenset(
            slot
            for slot, key in enumerate(layout.memories)
            if any(key not in self._layouts[other].memories for other in self.others)
            and self._of_everything.get(slot) != 1
        )

    def encode(self, profile: Profile) -> bytes:
        """Return the profile's bytes."""
        born, last, clock = profile.born, profile.last, profile.clock
        fields = (
            VERSION,
            self.id,
            born,
            last - born,
            clock - last,
            profile.wake - clock,
            profile.sequence,
            profile.ids,
            profile.since,
            profile.inside,
            profile.memories,
        )
        try:
            return _encode(fields)
        except OverflowError:
            return _encode((*fields[:-1], _within_64_bits(profile.memories)))

    def decode(self, customer: str, data: bytes) -> Profile:
        """Return the profile. Raises `AdapterError` for bytes that cannot be read here."""
        return self.read(customer, data).profile

    def read(self, customer: str, data: bytes) -> Stored:
        """Return the profile and under which rules it was kept.

        Raises as `decode` does, and `Fenced` where the layout is not known: owners write theirs
        with the first profile, so somebody was the owner since the layouts were read.
        """
        try:
            version, layout, born, last, clock, wake, sequence, *rest = _decode(data)
            ids, since, inside, memories = rest
        except (msgspec.DecodeError, TypeError, ValueError) as error:
            raise AdapterError(f"a stored profile cannot be read: {error}") from error
        if version != VERSION:
            raise AdapterError(
                f"a stored profile has version {version}; this program reads version {VERSION}"
            )
        profile = Profile(customer, born, len(self._layout.memories), len(self._layout.plans))
        profile.last = last = born + last
        profile.clock = clock = last + clock
        profile.wake = clock + wake
        profile.sequence, profile.ids = sequence, ids
        if layout == self.id:
            profile.since, profile.inside, profile.memories = since, inside, memories
            return Stored(profile)
        if layout not in self._layouts:
            raise Fenced(
                "a stored profile was written under rules that were not known when the partition "
                "was taken over: it has, or had, another owner"
            )
        other = self._layouts[layout]
        lost = self._rearrange(profile, other, since, inside, memories)
        return Stored(profile, other.rules, lost)

    def _rearrange(
        self,
        profile: Profile,
        layout: Layout,
        since: list[Millis],
        inside: list[int],
        memories: list[State],
    ) -> tuple[str, ...]:
        """Fill the profile with what another layout and this one share; name what is lost."""
        states = dict(zip(layout.memories, memories, strict=True))
        profile.memories = [states.get(key) for key in self._layout.memories]
        for slot in self._of_everything:
            if self._layout.memories[slot] not in states:
                profile.memories[slot] = stamped(profile.last)
        held = layout.memberships(inside)
        for membership in held:
            if membership in self._places:
                place, number = self._places[membership]
                profile.inside[place] = number
        for was, (key, _) in enumerate(layout.plans):
            if key in self._plans:
                profile.since[self._plans[key]] = since[was]
        return tuple(membership for membership in held if membership not in self._places)


def _within_64_bits(part: State) -> State:
    """Return the state with every number beyond 64 bits as an extension."""
    if isinstance(part, list | tuple):
        return [_within_64_bits(one) for one in part]
    if isinstance(part, dict):
        return {key: _within_64_bits(one) for key, one in part.items()}
    if isinstance(part, int) and not -(1 << 63) <= part < 1 << 63:
        return msgspec.msgpack.Ext(_LARGE, part.to_bytes(_LARGE_BYTES, "big", signed=True))
    return part
