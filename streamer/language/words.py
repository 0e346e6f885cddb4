"""Words for error messages: what was found, what was expected, which known word is nearest."""

from collections.abc import Collection
from difflib import get_close_matches
from typing import Final

from streamer.language.synonyms import meaning, phrase

_LONGEST: Final = 60
_NEAR: Final = 0.7
_BUDGET: Final = 200_000
"""How many pairs of words one reading may compare, so that a file of nonsense is not slow."""


def quoted(text: str) -> str:
    """Return the text in double quotes, cut if it is long, control characters made visible."""
    shown = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    escaped = shown.encode("unicode_escape").decode("ascii")
    return f'"{shown if shown.isprintable() else escaped}"'


def listed(words: Collection[str], last: str = "or") -> str:
    """Return quoted words as a person lists them: `"a", "b" or "c"`."""
    said = [quoted(word) for word in words]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} {last} {said[-1]}"


class Nearest:
    """Finds the known word nearest to one that is not known."""

    __slots__ = ("_budget",)

    def __init__(self) -> None:
        self._budget = _BUDGET

    def word(self, text: str, known: Collection[str], least: float = _NEAR) -> str | None:
        """Return the nearest of the known words, None if none is at least so near (of 1)."""
        if len(text) > _LONGEST or len(known) > self._budget:
            return None
        self._budget -= len(known)
        folded = {_folded(word): word for word in known}
        near = get_close_matches(_folded(text), folded, 1, least)
        return folded[near[0]] if near else None

    def hint(self, text: str, known: Collection[str], otherwise: str) -> str:
        """Return `did you mean "x"?`, or `otherwise` if no known word is near or means that.

        What takes more than one word is said as what to write.
        """
        said = phrase(_folded(text), known)
        if said is not None:
            return said
        near = meaning(_folded(text), known) or self.word(text, known)
        return otherwise if near is None else f'did you mean "{near}"?'


def _folded(word: str) -> str:
    return word.lower().replace("-", "_").replace(" ", "_")
