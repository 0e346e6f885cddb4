"""What to say where a name is not known."""

from collections.abc import Iterable
from difflib import get_close_matches


def hint(said: str, known: Iterable[str]) -> str:
    """Return `did you mean x?`, or where no known name is near, which ones there are."""
    names = sorted(known)
    near = get_close_matches(said, names, 1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
