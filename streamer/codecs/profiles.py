"""Profiles as bytes: compact, versioned, readable under other rules than those that wrote them.

The bytes, in the encoding of `packing`:

    version, layout         the format, and the id of the layout: one byte and four
    born                    ms since 1970
    last, clock, wake       each as the distance from the one before it
    base                    the instant that cells are written from, as the distance from `last`
    sequence, weight        numbers
    ids                     how many, their hashes, and the times as distances: the first from the
                            clock, each other from the one before
    memberships             how many, then segment, tier and the distance of `since` from the clock
    answers                 0 where none is known; else one more than how many end, the distance of
                            `seen` from the clock, then segment and distance of each end from `wake`
    cells                   how many, then the slot, the length and the state of each that has one
    links                   what the profile knows of other ids; only in format `LINKED`

A profile that knows of no other id is of format `VERSION`. Those of formats `BEFORE` and
`LINKED_BEFORE` have no answers, and are read. An alias, which stands in the place of an anonymous
id's profile, is of format `ALIAS`: its links, with the instant of the last event. It has no layout,
so rules that change leave it alone.

The *layout* is what the rule set's order means: its version, the key of each cell, the key of each
segment or ladder and its tiers. It is the same for millions of profiles, so it is kept once, beside
them, and only its id is in each. A cell that no event has changed since is written again as
the bytes that it was, and `base` stays. Once that is more than 30 days old, or more than one where
all cells are decoded, all of them are written again, from a `base` that is `last`.

An *answer* is until when the last decision of a segment holds. It is stored so that a customer who
comes back is decided like one whose profile is at hand: an event decides the segments that it can
touch, and only their cells are decoded. An answer may end earlier than it needs to. So the bytes of
one profile may differ by its `base`, its answers and its wake, and by nothing else.

A profile of another layout is put in the order of this one: what both share is found again, a new
cell is cold (that of any event's times begins with the last one, which the profile itself knows),
one that no rule needs any more is dropped, a tier is found by its name. `ProfileCodec.read` says
that it was of another one, and names the memberships that are removed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Final, NamedTuple

from librt.strings import BytesWriter

from streamer.core.engine.program import RuleSet
from streamer.core.links import Links
from streamer.core.packing import Unpacker, packed, put_head, put_list, put_number, unpacked
from streamer.core.profile import MOST_IDS, Profile
from streamer.core.state.cell import TIME_BYTES
from streamer.core.state.times import TimesState
from streamer.errors import AdapterError, Fenced
from streamer.hashes import ID_BYTES
from streamer.types import DAY, FOREVER, Millis

BEFORE: Final = 2
LINKED_BEFORE: Final = 3
ALIAS: Final = 4
VERSION: Final = 5
LINKED: Final = 6
LAYOUT_VERSION: Final = 2
LAYOUT_ID_BYTES: Final = 4
"""Short, because it is in every profile; two layouts with one id are refused."""
PROFILE_BYTES: Final = 80 + MOST_IDS * (ID_BYTES + TIME_BYTES)
"""The most bytes that a profile takes besides its cells and memberships."""
MEMBERSHIP_BYTES: Final = 3 + 3 + TIME_BYTES + 3 + TIME_BYTES
"""The most bytes that one segment or ladder takes in a profile, with its answer."""
CELL_BYTES: Final = 5
"""The most bytes that a cell takes in a profile besides its state."""
_READ: Final = frozenset({BEFORE, LINKED_BEFORE, VERSION, LINKED})
_STALE: Final[Millis] = 30 * DAY
"""How old the base of a profile's bytes may be while some cells are not decoded. A distance takes
five bytes up to 99 days, and four up to 18 hours."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What the numbers in a profile's bytes mean.

    `rules` is the rule set's version. Each segment is its key and its tiers, none for a segment
    that is no ladder. `effective_from` is the instant from which the rule set decided there, and no
    part of what the layout is.
    """

    rules: str
    cells: tuple[bytes, ...]
    segments: tuple[tuple[str, tuple[str, ...]], ...]
    effective_from: Millis = field(default=0, compare=False)

    @classmethod
    def of(cls, rules: RuleSet) -> "Layout":
        """Return the layout of the profiles that a rule set writes."""
        segments = (
            (segment.key, tuple(tier.tier for tier in segment.tiers if tier.tier is not None))
            for segment in rules.segments
        )
        return cls(rules.version, rules.cell_keys, tuple(segments))

    @classmethod
    def read(cls, data: bytes) -> "Layout":
        """Return the layout that `written` gave these bytes for."""
        try:
            version, rules, cells, segments, effective_from = unpacked(data)
        except (AdapterError, TypeError, ValueError) as error:
            raise AdapterError(f"a stored layout cannot be read: {error}") from error
        if version != LAYOUT_VERSION:
            raise AdapterError(
                f"a stored layout has version {version}; "
                f"this program reads version {LAYOUT_VERSION}"
            )
        ordered = tuple((key, tuple(tiers)) for key, tiers in segments)
        return cls(rules, tuple(cells), ordered, effective_from)

    def written(self) -> bytes:
        """Return the layout as bytes."""
        content = (self.rules, self.cells, self.segments, self.effective_from)
        return packed((LAYOUT_VERSION, *content))

    @property
    def id(self) -> bytes:
        """A short hash of what the layout is."""
        content = packed((LAYOUT_VERSION, self.rules, self.cells, self.segments))
        return blake2b(content, digest_size=LAYOUT_ID_BYTES).digest()

    def places(self) -> dict[str, tuple[int, int]]:
        """Return for each membership its segment's index and its number there."""
        return {
            f"{key}.{tier}" if tiers else key: (index, number)
            for index, (key, tiers) in enumerate(self.segments)
            for number, tier in enumerate(tiers or (key,), 1)
        }

    def membership(self, index: int, number: int) -> str:
        """Return the membership of a segment's index and a number there."""
        key, tiers = self.segments[index]
        return f"{key}.{tiers[number - 1]}" if tiers else key


class Stored(NamedTuple):
    """A profile as it was kept.

    `rules` is the version of the rule set that wrote it, None if that is the present one.
    `removed` names the memberships that the profile was in and the present rules do not have.
    """

    profile: Profile
    rules: str | None = None
    removed: tuple[str, ...] = ()


class ProfileCodec:
    """Profiles of one rule set to bytes and back.

    `layouts` are those under which profiles may have been written, as bytes by their ids; `now` is
    the instant up to which they were decided. Raises `AdapterError` if one of the layouts has the
    id of this rule set's and is another.

    `effective_from` is the instant from which this rule set decides: that of its layout if that
    came last, else `now`. `others` are the ids of the layouts of other rule sets, `cold` the slots
    of the cells that one of those does not have: they begin without what they would hold.
    """

    def __init__(
        self, rules: RuleSet, layouts: Mapping[bytes, bytes] | None = None, now: Millis = 0
    ) -> None:
        layout = Layout.of(rules)
        self.id = layout.id
        self._rules = rules
        self._layouts = {known: Layout.read(data) for known, data in (layouts or {}).items()}
        before = self._layouts.get(self.id)
        if before not in (None, layout):
            raise AdapterError(
                f"the store knows another layout of profiles as {self.id.hex()}: "
                "give the rule set another name in its header"
            )
        latest = max((each.effective_from for each in self._layouts.values()), default=0)
        is_latest = before is not None and before.effective_from == latest
        self.effective_from = latest if is_latest else max(now, latest)
        self._head = bytes([VERSION]) + self.id
        self._linked_head = bytes([LINKED]) + self.id
        self._layout = replace(layout, effective_from=self.effective_from)
        self._index = {key: index for index, (key, _) in enumerate(layout.segments)}
        self._places = layout.places()
        self._slots = {key: slot for slot, key in enumerate(layout.cells)}
        self.own = {self.id: self._layout.written()}
        """This rule set's layout by its id, to be kept with the profiles."""
        self.others = tuple(known for known in self._layouts if known != self.id)
        known_last = {cell.slot for cell in rules.counts_all if cell.keep == 1}
        self.cold = frozenset(
            slot
            for slot, key in enumerate(layout.cells)
            if any(key not in self._layouts[other].cells for other in self.others)
            and slot not in known_last
        )

    def encode(self, profile: Profile) -> bytes:
        """Return the profile's bytes."""
        last, clock, links = profile.last, profile.clock, profile.links
        if links is not None and links.user is not None:
            return _alias(last, links)
        age = last - profile.base
        if age > _STALE or (age > DAY and _is_decoded(profile)):
            self._rebase(profile)
        if profile.id_times:
            profile.forget_ids(self._rules.max_lateness)
        out = BytesWriter()
        out.write(self._head if links is None else self._linked_head)
        put_number(out, profile.born)
        put_number(out, last - profile.born)
        put_number(out, clock - last)
        put_number(out, profile.wake - clock)
        put_number(out, last - profile.base)
        put_number(out, profile.sequence)
        put_number(out, profile.weight)
        _put_ids(out, profile)
        _put_memberships(out, profile)
        _put_answers(out, profile)
        _put_cells(out, profile)
        if links is not None:
            links.write(out, last)
        return out.getvalue()

    def decode(self, customer: str, data: bytes) -> Profile:
        """Return the profile. Raises `AdapterError` for bytes that cannot be read here."""
        return self.read(customer, data).profile

    def read(self, customer: str, data: bytes) -> Stored:
        """Return the profile and under which rules it was kept.

        Raises as `decode` does, and `Fenced` where the layout is not known: owners write theirs
        with the first profile, so another owner has written since the layouts were read.
        """
        version = data[0] if data else None
        if version == ALIAS:
            return Stored(self._read_alias(customer, data))
        if version not in _READ:
            raise AdapterError(
                f"a stored profile has version {version}; this program reads versions {BEFORE} "
                f"to {LINKED}"
            )
        layout = data[1 : 1 + LAYOUT_ID_BYTES]
        if layout != self.id and layout not in self._layouts:
            raise Fenced(
                "a stored profile was written under rules that were not known when the partition "
                "was taken over: it has, or had, another owner"
            )
        reader = Unpacker(data)
        reader.raw(1 + LAYOUT_ID_BYTES)
        try:
            return self._read(customer, layout, reader, version)
        except (AdapterError, IndexError, ValueError) as error:
            raise AdapterError(f"a stored profile cannot be read: {error}") from error

    def _read_alias(self, customer: str, data: bytes) -> Profile:
        last, links = alias_of(data)
        profile = Profile(customer, last, len(self._layout.cells), len(self._index))
        profile.wake = last + self._rules.retention
        profile.links = links
        return profile

    def _read(self, customer: str, layout: bytes, reader: Unpacker, version: int) -> Stored:
        born = reader.number()
        profile = Profile(customer, born, len(self._layout.cells), len(self._index))
        profile.last = last = born + reader.number()
        profile.clock = clock = last + reader.number()
        profile.wake = clock + reader.number()
        profile.base = last - reader.number()
        profile.sequence = reader.number()
        profile.weight = reader.number()
        _read_ids(reader, profile)
        memberships = [
            (reader.head(), reader.head(), reader.number()) for _ in range(reader.head())
        ]
        other = None if layout == self.id else self._layouts[layout]
        if version >= VERSION:
            _read_answers(reader, profile, len((other or self._layout).segments))
        cells = profile.frozen
        if other is not None:
            cells = [None] * len(other.cells)
        for _ in range(reader.head()):
            slot = reader.head()
            cells[slot] = reader.raw(reader.head())
        if version in {LINKED, LINKED_BEFORE}:
            profile.links = Links.unpacked(reader.value(), last)
        if other is not None:
            removed = self._rearrange(profile, other, memberships, cells)
            return Stored(profile, other.rules, removed)
        for index, number, since in memberships:
            profile.inside[index] = number
            profile.since[index] = clock - since if since >= 0 else 0
        return Stored(profile)

    def _rebase(self, profile: Profile) -> None:
        """Decode every cell, so that all are written again, from the last event on."""
        for cell in self._rules.cells:
            cell.state(profile)
        profile.frozen = [None] * len(profile.frozen)
        profile.base = profile.last

    def _rearrange(
        self,
        profile: Profile,
        layout: Layout,
        memberships: list[tuple[int, int, int]],
        cells: list[bytes | None],
    ) -> tuple[str, ...]:
        """Put the profile in the order of this layout; name the memberships that are removed."""
        profile.valid_until = []
        for slot, cell in enumerate(cells):
            now_at = self._slots.get(layout.cells[slot])
            if now_at is not None:
                profile.frozen[now_at] = cell
        for times in self._rules.counts_all:
            if self._layout.cells[times.slot] not in layout.cells:
                profile.states[times.slot] = TimesState([profile.last])
        profile.weight = 0
        for kind in self._rules.cells:
            state = kind.state(profile)
            profile.weight += 0 if state is None else state.weight
        removed = []
        for index, number, since in memberships:
            key = layout.segments[index][0]
            if key in self._index and since >= 0:
                profile.since[self._index[key]] = profile.clock - since
            if number:
                membership = layout.membership(index, number)
                if membership in self._places:
                    place, tier = self._places[membership]
                    profile.inside[place] = tier
                else:
                    removed.append(membership)
        return tuple(removed)


def holds_profile(data: bytes | None) -> bool:
    """Say whether stored bytes are those of a profile, and not of an alias or of nothing."""
    return data is not None and data[0] != ALIAS


def _alias(last: Millis, links: Links) -> bytes:
    """Return the bytes that `alias_of` reads."""
    out = BytesWriter()
    out.append(ALIAS)
    put_list(out, 2)
    put_number(out, last)
    links.write(out, last)
    return out.getvalue()


def alias_of(data: bytes) -> tuple[Millis, Links]:
    """Return when the id of an alias last did something, and its links.

    Raises `AdapterError` for bytes that cannot be read.
    """
    try:
        last, links = unpacked(data[1:])
        return last, Links.unpacked(links, last)
    except (AdapterError, TypeError, ValueError) as error:
        raise AdapterError(f"a stored alias cannot be read: {error}") from error


def _put_ids(out: BytesWriter, profile: Profile) -> None:
    times = profile.id_times
    put_head(out, len(times))
    if times:
        out.write(profile.ids)
        before = times[0]
        put_number(out, profile.clock - before)
        for time in times[1:]:
            put_number(out, time - before)
            before = time


def _read_ids(reader: Unpacker, profile: Profile) -> None:
    many = reader.head()
    profile.ids = reader.raw(many * ID_BYTES)
    time = profile.clock
    for number in range(many):
        time = time + reader.number() if number else time - reader.number()
        profile.id_times.append(time)


def _put_memberships(out: BytesWriter, profile: Profile) -> None:
    """Append segment, tier and distance of `since` (-1: none), for each that has either."""
    clock, inside, all_since = profile.clock, profile.inside, profile.since
    many = 0
    for index, since in enumerate(all_since):
        if since or inside[index]:
            many += 1
    put_head(out, many)
    for index, since in enumerate(all_since):
        number = inside[index]
        if since or number:
            put_head(out, index)
            put_head(out, number)
            put_number(out, clock - since if since else -1)


def _is_decoded(profile: Profile) -> bool:
    """Say whether every cell is decoded that has bytes."""
    for slot, raw in enumerate(profile.frozen):
        if raw is not None and profile.states[slot] is None:
            return False
    return True


def _put_answers(out: BytesWriter, profile: Profile) -> None:
    """Append what is known of each segment's answer; those that hold for ever are left out."""
    answers = profile.valid_until
    if not answers:
        put_head(out, 0)
        return
    many = 1
    for until in answers:
        if until != FOREVER:
            many += 1
    put_head(out, many)
    wake = profile.wake
    put_number(out, profile.seen - profile.clock)
    for index, until in enumerate(answers):
        if until != FOREVER:
            put_head(out, index)
            put_number(out, until - wake)


def _read_answers(reader: Unpacker, profile: Profile, segments: int) -> None:
    many = reader.head()
    if not many:
        return
    profile.seen = profile.clock + reader.number()
    profile.valid_until = answers = [FOREVER] * segments
    for _ in range(many - 1):
        index = reader.head()
        answers[index] = profile.wake + reader.number()


def _put_cells(out: BytesWriter, profile: Profile) -> None:
    frozen, base = profile.frozen, profile.base
    many = 0
    for slot, state in enumerate(profile.states):
        if state is not None or frozen[slot] is not None:
            many += 1
    put_head(out, many)
    own = BytesWriter()
    for slot, state in enumerate(profile.states):
        raw = frozen[slot]
        if raw is None:
            if state is None:
                continue
            own.truncate(0)
            state.write(own, base)
            raw = frozen[slot] = own.getvalue()
        put_head(out, slot)
        put_head(out, len(raw))
        out.write(raw)
