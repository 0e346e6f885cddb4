"""One segment or ladder as it is decided, and how membership follows its truth."""

from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b
from typing import Final, TypeAlias

from streamer.core.conditions import Node
from streamer.core.memory import Fold
from streamer.core.profile import Profile
from streamer.core.syntax import Settings
from streamer.types import FOREVER, Millis, Reason

Tiers: TypeAlias = tuple[str | None, str | None, str | None]
"""A ladder's key, the tier left and the tier joined."""
NO_TIERS: Final[Tiers] = (None, None, None)
"""What a change of a segment says there."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One tier of a ladder, or the whole of a segment (`tier` None); no `when` is `otherwise`."""

    membership: str
    tier: str | None
    when: Node | None


@dataclass(frozen=True, slots=True)
class Plan:
    """One segment or ladder as it is decided.

    `place` is its index in a profile's `inside` and `since`; there, 0 is outside and n is inside
    its n-th rung. `references` says whether it asks about another segment.
    """

    place: int
    ruleset: str
    key: str
    title: str
    purpose: str
    settings: Settings
    rungs: tuple[Rung, ...]
    is_ladder: bool
    references: bool
    slots: frozenset[int]

    def target(self, profile: Profile, now: Millis) -> tuple[int, Millis]:
        """Return the rung that truth puts the customer on, and until when it surely does."""
        until = FOREVER
        for number, rung in enumerate(self.rungs, 1):
            if rung.when is None:
                return number, until
            holds, flip = rung.when.test(profile, now)
            if flip < until:
                until = flip
            if holds:
                return number, until
        return 0, until

    @property
    def lingers(self) -> bool:
        """Say whether the instant of an exit still matters after it."""
        return self.settings.min_dwell > 0 or self.settings.cooldown > 0

    def because(self, profile: Profile, now: Millis, target: int) -> tuple[Reason, ...]:
        """Return what puts the customer on the rung: its condition, or why no other holds."""
        when = self.rungs[target - 1].when if target else None
        if when is not None:
            return tuple(when.because(profile, now, True))  # noqa: FBT003
        said: list[Reason] = []
        for rung in self.rungs:
            if rung.when is not None:
                said += rung.when.because(profile, now, False)  # noqa: FBT003
        return tuple(said)

    def tiers(self, origin: int, target: int) -> Tiers:
        """Return a ladder's move as a change says it."""
        left = self.rungs[origin - 1].tier if origin else None
        return self.key, left, self.rungs[target - 1].tier if target else None

    def held_out(self, customer: str) -> bool:
        """Say whether the customer is in the share that is held out, by a salted hash."""
        share: Fraction = self.settings.holdout
        salted = f"{self.ruleset}\n{self.key}\n{customer}".encode()
        drawn = int.from_bytes(blake2b(salted, digest_size=8).digest(), "big")
        return drawn * share.denominator < share.numerator << 64


Move: TypeAlias = tuple[Plan, int, int]
"""A plan, the rung left and the rung joined (0: none)."""


def hold_or_move(
    profile: Profile, now: Millis, plan: Plan, target: int, until: Millis, moves: list[Move]
) -> None:
    """Put the customer on the rung that truth asks for, unless the settings hold that back."""
    place = plan.place
    held = held_until(plan, profile, target)
    if held <= now:
        moves.append((plan, profile.inside[place], target))
        profile.inside[place] = target
        profile.since[place] = now if target or plan.lingers else 0
    elif held < until:
        until = held
    profile.flips[place] = until


def held_until(plan: Plan, profile: Profile, target: int) -> Millis:
    """Return the instant from which the settings let the customer move to the rung."""
    since = profile.since[plan.place]
    if not since:
        return 0
    held = since + plan.settings.min_dwell
    if target and not profile.inside[plan.place]:
        return max(held, since + plan.settings.cooldown)
    return held


@dataclass(frozen=True, slots=True)
class Reaction:
    """What an event of one name does: the folds by slot, then the plans to decide, in order.

    `followers` are the places of those plans that it cannot touch itself: they only ask about
    other segments, so they are decided if one before them has moved.
    """

    folds: tuple[tuple[int, Fold], ...]
    plans: tuple[Plan, ...]
    followers: frozenset[int] = frozenset()
