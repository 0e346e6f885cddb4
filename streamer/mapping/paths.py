"""Paths into JSON: how a mapping names a place, and how it is looked up.

    data.checkout.token                            dots descend into objects
    line_items[0].sku                              the first element of a list
    refunds[-1].id                                 the last element of a list
    event_params[key=currency].value.string_value  the first element whose `key` is that text
    headers["a.b"]                                 a key of any characters
    $.client_id                                    from the whole line, not from its one event

What is not there, or is null, is absent.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

WHOLE: Final = "$"
"""The sign for the whole line at the beginning of a path."""

_START: Final = re.compile(r'\$(?=[.\[]|$)|[^.\[\]"]+')
_STEP: Final = re.compile(
    r'\.(?P<name>[^.\[\]"]+)'
    r"|\[(?P<index>-1|[0-9]{1,6})\]"
    r'|\[(?P<key>[^.\[\]"=]+)=(?P<text>[^\[\]]*)\]'
    r'|\["(?P<quoted>[^"]+)"\]'
)


class PathError(ValueError):
    """A text that is no path; the text of the error is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Pick:
    """The first element of a list that holds this text under this key."""

    key: str
    text: str


Step: TypeAlias = str | int | Pick


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from the whole line, or from what makes one event."""

    whole: bool
    steps: tuple[Step, ...]


class JsonRow(NamedTuple):
    """What makes one event: `here`, of the line's JSON `whole`, the `position`-th there from 1."""

    here: Any
    whole: Any
    line: int
    position: int


def read_path(text: str) -> Path:
    """Return the path that a text says; raises `PathError`."""
    start = _START.match(text)
    if start is None:
        raise PathError(f"{text!r} is no path: it begins with a key, or with {WHOLE}")
    whole = start[0] == WHOLE
    steps: list[Step] = [] if whole else [start[0]]
    at = start.end()
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None:
            raise PathError(
                f"a path that cannot be read from {text[at:]!r} on: write a.b, a[0], "
                'a[-1], a[key=text] or a["b"]'
            )
        steps.append(_step(step))
        at = step.end()
    return Path(whole, tuple(steps))


def follow(value: Any, steps: tuple[Step, ...]) -> Any:  # noqa: ANN401 (JSON)
    """Return the value that the steps lead to, None where it is not there."""
    for step in steps:
        if type(step) is str:
            value = value.get(step) if type(value) is dict else None
        elif type(value) is not list:
            return None
        elif type(step) is int:
            value = value[step] if step < len(value) and value else None
        else:
            value = _picked(value, step)
        if value is None:
            return None
    return value


def getter(path: Path) -> Callable[[JsonRow], Any]:
    """Return a function that looks a path up in a row."""
    steps = path.steps
    if path.whole:
        return lambda row: follow(row.whole, steps)
    return lambda row: follow(row.here, steps)


def elements(row: JsonRow, found: Any) -> list[JsonRow]:  # noqa: ANN401 (JSON)
    """Return a row for each object of a list that was found in a row; one object is one element.

    Raises `ValueError` with the rest of a sentence for what is no list of objects.
    """
    values = found if type(found) is list else [found]
    odd = next((value for value in values if type(value) is not dict), None)
    if odd is not None or None in values:
        raise ValueError("must be a list of objects, or an object")
    return [JsonRow(value, row.whole, row.line, nth) for nth, value in enumerate(values, 1)]


def _step(found: re.Match[str]) -> Step:
    if found["index"] is not None:
        return int(found["index"])
    if found["key"] is not None:
        return Pick(found["key"], found["text"])
    return found["name"] or found["quoted"]


def _picked(values: list[Any], pick: Any) -> Any:  # noqa: ANN401 (JSON; a `Pick`)
    for value in values:
        if type(value) is dict and value.get(pick.key) == pick.text:
            return value
    return None
