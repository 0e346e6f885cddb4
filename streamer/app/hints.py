"""What to say where a name is not known."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

_MOST_NAMES: Final = 1_000
_FEW: Final = 5
_SOME: Final = 12


def no_segment(said: str, known: Iterable[str]) -> str:
    """Return what to say of a segment, or a ladder's tier, that the rules do not have."""
    return f"no segment {said} in the rules: {hint(said, known, _SOME)}"


def hint(said: str, known: Iterable[str], most: int | None = None) -> str:
    """Return `did you mean x?`, or where no known name is near, which ones there are.

    Names `most` of them at most, None for all.
    """
    names = sorted(known)
    near = get_close_matches(said, names, 1)
    if near:
        return f"did you mean {near[0]}?"
    named = names[:most]
    more = f" and {len(names) - len(named)} more" if len(named) < len(names) else ""
    return f"there are {', '.join(named)}{more}"


class EventNames:
    """Which of the events that a question names have not occurred, and up to 1,000 that have."""

    def __init__(self, asked: Iterable[str]) -> None:
        self._missing = set(asked)
        self._seen: set[str] = set()

    def note(self, name: str) -> None:
        """Note that an event of this name has occurred."""
        self._missing.discard(name)
        if len(self._seen) < _MOST_NAMES:
            self._seen.add(name)

    def never_seen(self) -> tuple[str, ...]:
        """Return a sentence for each name that never occurred: `no event is called buy: …`."""
        if not self._seen:  # then there is nothing to compare with, and other words say so
            return ()
        return tuple(
            f"no event is called {name}: {hint(name, self._seen, _FEW)}"
            for name in sorted(self._missing)
        )


class PropertyNames:
    """Which of the properties that a question names no event had, and what one of them held.

    Names are those in front of a dot. Parts of the time (`at.`) and of the context are left aside.
    """

    def __init__(self, asked: Iterable[str], compared: str | None) -> None:
        looked = {name.partition(".")[0] for name in asked}
        self._missing = looked - {"at", "context"}
        self._compared = compared if compared in self._missing else None
        self._seen: set[str] = set()
        self._held: Counter[str] = Counter()

    def note(self, properties: Mapping[str, Any]) -> None:
        """Note the properties of an event, and of its products."""
        for holder in _holders(properties):
            if len(self._seen) < _MOST_NAMES:
                self._seen.update(holder)
            held = None if self._compared is None else holder.get(self._compared)
            if type(held) in {str, int, float, bool} and len(self._held) < _MOST_NAMES:
                self._held[str(held)] += 1

    def never_seen(self, what: str) -> tuple[str, ...]:
        """Return a sentence for each property that no event had: `no order_completed has a: …`."""
        missing = sorted(self._missing - self._seen) if self._seen else ()
        return tuple(f"no {what} has {name}: {hint(name, self._seen, _FEW)}" for name in missing)

    def held(self) -> str:
        """Return what the compared property held most often, empty if it held nothing."""
        said = [f"{value} {times:,}x" for value, times in self._held.most_common(_FEW)]
        return f"{self._compared} was {', '.join(said)}" if said else ""


def _holders(properties: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield properties
    products = properties.get("products")
    if isinstance(products, list):
        yield from (one for one in products if isinstance(one, dict))
