"""What to say where a name is not known."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_MOST_NAMES: Final = 1_000
_FEW: Final = 5


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
