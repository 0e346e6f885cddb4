"""Counting properties that rules read and could not, each with an example as JSON writes it."""

import json
from collections.abc import Mapping
from typing import Any, Final

from streamer.types import Unusable

_LONGEST: Final = 60


def note(counts: dict[str, Unusable], found: Mapping[str, Any]) -> None:
    """Count the properties of one event, with what stood there."""
    for name, value in found.items():
        known = counts.get(name)
        if known is None:
            counts[name] = Unusable(1, _example(value))
        else:
            counts[name] = Unusable(known.count + 1, known.example)


def add(counts: dict[str, Unusable], more: Mapping[str, Unusable]) -> None:
    """Add counts to counts; the first example stays."""
    for name, one in more.items():
        known = counts.get(name)
        counts[name] = one if known is None else Unusable(known.count + one.count, known.example)


def _example(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
