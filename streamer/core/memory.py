"""What leaves remember and what they ask: the two protocols and their bounds.

A *memory* is the bounded state that one or more leaves need of a customer. It is a fold over the
customer's accepted events and lives under a content hash, so that rules which need the same
memory share it and editing one rule never resets another. Its state is a plain value (lists,
dicts, numbers, texts, or None while there is nothing) that can be encoded as it is.

The rules that every memory keeps:

1. Events arrive in log order, possibly late; the state is the one that the history in order of
   time would give. What a late event can still change is not forgotten before `max_lateness`.
2. Old facts are dropped only by a fold and only behind the customer's clock, never by looking.
3. Two states of one memory, kept for two disjoint histories, can be merged into the state of the
   joint history; each memory's docstring says how.

A *leaf* asks one question of a memory at an instant `now`, not before the clock, and says whether
it holds and until when: the earliest later instant at which the answer changes with no event.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable

from streamer.core.profile import Profile, State
from streamer.types import FOREVER, Detail, Event, Millis

Answer: TypeAlias = tuple[bool, Millis]
"""Whether a condition holds, and the earliest later instant at which that can change."""

NEVER: Final[Answer] = (False, FOREVER)
ALWAYS: Final[Answer] = (True, FOREVER)
TIME_BYTES: Final = 9
"""The most bytes that one instant or count takes when encoded."""
MOST_VALUES: Final = 256
"""How many different values a memory keeps, the most recent ones."""
MOST_EVENTS: Final = 1_000
"""How many single events an aggregate keeps before it folds the oldest into slices."""


Fold: TypeAlias = Callable[[State, Event, Profile], State]
"""Takes the state, an accepted event and the profile, whose clock is already moved."""


class Memory(Protocol):
    """A bounded state and how events change it."""

    slot: int
    """Its place in a profile's memories, given when the rule set is compiled."""
    horizon: Millis | None
    """After so long without any event the state says nothing any more; None: it always does."""

    def content(self) -> str:
        """Return a text that is the same for the same memory only; its hash is the memory's key."""

    def fold(self, name: str) -> Fold | None:
        """Return what an event of that name does to the state, None if nothing."""

    def bound(self) -> int:
        """Return the most bytes that the encoded state takes."""


@runtime_checkable
class Widening(Protocol):
    """A memory that can keep more, so that leaves which need more or less of it share one.

    How much it keeps is not part of its content: a rule set that asks for more or for less finds
    what an earlier one kept.
    """

    def widen(self, other: Any) -> None:  # noqa: ANN401 (of the same content, so of the same kind)
        """Keep what this memory and the other one would."""


class Cuttable(Memory, Protocol):
    """A memory that can forget everything up to an instant, so that `since` can be kept."""

    def cut(self, state: State, upto: Millis) -> State:
        """Forget what happened at or before `upto`."""


class Leaf(Protocol):
    """A question asked of a memory."""

    label: str

    def test(self, profile: Profile, now: Millis) -> Answer:
        """Say whether it holds at `now`, and until when it surely does so."""

    def detail(self, profile: Profile, now: Millis) -> Detail:
        """Say in words what the answer rests on, or what will say so when it is asked."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for the whole rule set and matters to memories; durations in ms."""

    zone: str
    max_lateness: Millis


class Binder(Protocol):
    """Where a question gets its memory from while a rule set is compiled."""

    terms: Terms

    def share(self, memory: Memory) -> int:
        """Return the slot of the memory with this content, adding it if it is new."""

    def membership(self, key: str) -> tuple[int, int]:
        """Return a membership's place in `inside` and the number it has there."""


def longer(one: Millis | None, other: Millis | None) -> Millis | None:
    """Return the longer of two horizons; None is endless."""
    return None if one is None or other is None else max(one, other)


def key_of(content: str) -> bytes:
    """Return the 48-bit key under which a memory's or membership's state is stored."""
    return blake2b(content.encode(), digest_size=6).digest()


def listens(events: tuple[str, ...], name: str) -> bool:
    """Say whether an event of that name is one of `events` (the empty tuple: any)."""
    return name in events if events else name != "identified"
