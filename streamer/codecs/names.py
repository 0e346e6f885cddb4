"""Event names in any script: which text is one, and what the name of a Segment call becomes.

A name is a letter that is not upper case, then such letters, digits and `_`, at most 63 characters,
composed (Unicode's form NFC). Upper case is what Unicode files under `Lu` and `Lt`; scripts without
case, as in `加入购物车`, have small letters only. Marks that stand on a letter (the vowels of Hindi
and Thai) count as letters, except as the first. The patterns of the schemas in `limits` say the
same, but for the composed form and for what changes its length in lower case.
"""

import re
from functools import lru_cache
from typing import Final
from unicodedata import category, is_normalized, normalize

from streamer.codecs.limits import MAX_CALL_NAME, MAX_NAME

_ASCII_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_SMALL: Final = frozenset({"Ll", "Lo", "Lm"})
_CAPITAL: Final = frozenset({"Lu", "Lt"})
_DIGIT: Final = "Nd"
_MARKS: Final = frozenset({"Mn", "Mc", "Me"})
_WITHIN: Final = _SMALL | _MARKS | {_DIGIT}
_KNOWN: Final[set[str]] = set()
"""Names that were looked at before: a shop has few, and every event has one."""
_MOST_KNOWN: Final = 4_096


def is_name(text: str) -> bool:
    """Return whether an event can have this name."""
    if text in _KNOWN:
        return True
    if not _can_be_name(text):
        return False
    if len(_KNOWN) >= _MOST_KNOWN:
        _KNOWN.clear()
    _KNOWN.add(text)
    return True


def _can_be_name(text: str) -> bool:
    if not 0 < len(text) <= MAX_NAME:
        return False
    if text.isascii():
        return _ASCII_NAME.fullmatch(text) is not None
    kinds = [category(character) for character in text]
    return (
        kinds[0] in _SMALL
        and all(
            kind in _WITHIN or character == "_" for kind, character in zip(kinds, text, strict=True)
        )
        and is_normalized("NFC", text)
    )


def snake_case(text: str) -> str | None:
    """Return the text as an event name, None if it cannot be one (`no_name` says why).

    The text in lower case, every run of other characters one `_`, none at the ends. Words that
    begin with a capital are set apart, too, unless the name would grow over the limit by that.
    """
    return _snake_case(text) if len(text) <= MAX_CALL_NAME else None


def no_name(text: str) -> str:
    """Return why `snake_case` gives no name for the text."""
    if len(text) > MAX_CALL_NAME:
        return f"has {len(text)} characters; at most {MAX_CALL_NAME} are allowed"
    name = _joined(text)
    if not name:
        return "has no letter"
    if category(name[0]) == _DIGIT:
        return f"would be the name {name}, and a name begins with a letter"
    return f"has {len(name)} letters, digits and gaps; at most {MAX_NAME} make a name"


@lru_cache(maxsize=4096)
def _snake_case(text: str) -> str | None:
    split = _joined(_words(text))
    name = split if len(split) <= MAX_NAME else _joined(text)
    return name if is_name(name) else None


def _words(text: str) -> str:
    """Return the text with a gap before each capital that begins a word."""
    kinds = [category(character) for character in text] + [""]
    words: list[str] = []
    for at, character in enumerate(text):
        if at and kinds[at] in _CAPITAL:
            before, after = kinds[at - 1], kinds[at + 1]
            if before in {"Ll", _DIGIT} or (before in _CAPITAL and after == "Ll"):
                words.append("_")
        words.append(character)
    return "".join(words)


def _joined(text: str) -> str:
    """Return the text in lower case, with one `_` for each run of what no name holds."""
    lower = normalize("NFC", text.lower())
    kept = "".join(c if category(c) in _WITHIN else " " for c in lower)
    first = next((at for at, c in enumerate(kept) if c != " " and category(c) not in _MARKS), None)
    return "" if first is None else "_".join(kept[first:].split())
