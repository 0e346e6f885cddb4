"""One segment or ladder as it is decided, and how membership follows its truth."""

from fractions import Fraction
from hashlib import blake2b
from typing import Final, TypeAlias, final

from mypy_extensions import mypyc_attr

from streamer.core.engine.conditions import Node
from streamer.core.profile import Profile
from streamer.core.rules.spec import Settings
from streamer.core.state.exits import Exits
from streamer.types import FOREVER, Millis

Tiers: TypeAlias = tuple[str | None, str | None, str | None]
"""A ladder's key, the tier left and the tier joined."""
NO_TIERS: Final[Tiers] = (None, None, None)
"""What a change of a segment says there."""


@final
class CompiledTier:
    """One tier of a ladder, or the whole of a segment (`tier` None); no `when` is `otherwise`."""

    def __init__(self, membership: str, tier: str | None, when: Node | None) -> None:
        self.membership = membership
        self.tier = tier
        self.when = when


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Transition:
    """A move of one customer: the segment, the tier left and the tier joined (0: none)."""

    def __init__(self, segment: "CompiledSegment", origin: int, target: int) -> None:
        self.segment = segment
        self.origin = origin
        self.target = target


@final
class CompiledSegment:
    """One segment or ladder as it is decided.

    `index` is its place in a profile's `inside` and `since`; there, 0 is outside and n is inside
    its n-th tier. `references` says whether it asks about another segment, `lingers` whether the
    instant of an exit still matters after it. `slots` are those of the cells that it asks, `exits`
    the cells that record when a customer leaves one of its tiers.

    `consent` is the condition that stands in every tier because the segment needs a consent. Who
    takes the consent back exits at once, and nothing of that exit holds back the next entry.
    """

    def __init__(  # noqa: PLR0913 (what a declaration says)
        self,
        index: int,
        ruleset: str,
        key: str,
        title: str,
        purpose: str,
        settings: Settings,
        tiers: tuple[CompiledTier, ...],
        *,
        is_ladder: bool,
        references: bool,
        consent: Node | None = None,
    ) -> None:
        self.index = index
        self.ruleset = ruleset
        self.key = key
        self.title = title
        self.purpose = purpose
        self.settings = settings
        self.tiers = tiers
        self.is_ladder = is_ladder
        self._consent = consent
        self.references = references
        nodes = [tier.when for tier in tiers if tier.when is not None]
        self.slots = frozenset(slot for node in nodes for slot in node.slots)
        self.lingers = settings.min_dwell > 0 or settings.cooldown > 0
        self.exits: list[Exits] = []
        self._min_dwell = settings.min_dwell
        self._cooldown = settings.cooldown
        self._whens: list[Node | None] = [tier.when for tier in tiers]
        self._share: Fraction = settings.holdout
        self._holds_out = settings.holdout > 0

    def decide(self, profile: Profile, now: Millis, transitions: list[Transition]) -> None:
        """Let the membership follow truth at an instant, unless the settings hold that back."""
        until = FOREVER
        target = 0
        for before, when in enumerate(self._whens):
            if when is None:
                target = before + 1
                break
            answer = when.flip(profile, now)
            if answer > 0:
                until = min(until, answer)
                target = before + 1
                break
            until = min(until, -answer)
        index = self.index
        if target != profile.inside[index]:
            until = self._move(profile, now, target, until, transitions)
        profile.valid_until[index] = until

    def _move(
        self,
        profile: Profile,
        now: Millis,
        target: int,
        until: Millis,
        transitions: list[Transition],
    ) -> Millis:
        """Move to a tier, or not yet; return until when the answer holds, `until` at the latest."""
        index = self.index
        inside = profile.inside[index]
        lingers = self.lingers
        if not target and self._consent is not None and self._consent.flip(profile, now) <= 0:
            lingers = False
        held = self.held_until(profile, target) if lingers else 0
        if held > now:
            return min(until, held)
        transitions.append(Transition(self, inside, target))
        profile.inside[index] = target
        profile.since[index] = now if target or lingers else 0
        for cell in self.exits:
            if cell.number == inside:
                cell.left(profile, now)
        return until

    def target(self, profile: Profile, now: Millis) -> int:
        """Return the tier that truth puts the customer in, 0 for none."""
        for before, when in enumerate(self._whens):
            if when is None or when.flip(profile, now) > 0:
                return before + 1
        return 0

    def held_until(self, profile: Profile, target: int) -> Millis:
        """Return the instant from which the settings let the customer move to the tier."""
        since = profile.since[self.index]
        if not since:
            return 0
        held = since + self._min_dwell
        if target and not profile.inside[self.index]:
            return max(held, since + self._cooldown)
        return held

    def because(self, profile: Profile, now: Millis, target: int) -> list[str]:
        """Return the reasons for the tier: its condition, or why no other holds."""
        when = self._whens[target - 1] if target else None
        if when is not None:
            return when.because(profile, now, True)  # noqa: FBT003
        said: list[str] = []
        for other in self._whens:
            if other is not None:
                said += other.because(profile, now, False)  # noqa: FBT003
        return said

    def tiers_of(self, origin: int, target: int) -> Tiers:
        """Return a move as a change says it."""
        if not self.is_ladder:
            return NO_TIERS
        left = self.tiers[origin - 1].tier if origin else None
        return self.key, left, self.tiers[target - 1].tier if target else None

    def held_out(self, customer: str) -> bool:
        """Say whether the customer is in the share that is held out, by a salted hash."""
        if not self._holds_out:
            return False
        share = self._share
        salted = f"{self.ruleset}\n{self.key}\n{customer}".encode()
        drawn = int.from_bytes(blake2b(salted, digest_size=8).digest(), "big")
        return drawn * share.denominator < share.numerator << 64
