"""Where a field of an event comes from: columns, a constant, a text made of them, a choice.

A source knows nothing of files, and does nothing; `readers` turns it into a function of a row.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from streamer.language.source import Place
from streamer.types import Scalar

LINE: Final = "line"
"""The word for the number of the row's line."""


NOTHING: Final = ""
"""The value of a case or a translation that says that nothing is there: `null` in a mapping."""


@dataclass(frozen=True, slots=True)
class ColumnName:
    """A column of a row, or a path in JSON, and where the mapping names it."""

    name: str
    at: Place


@dataclass(frozen=True, slots=True)
class ColumnValue:
    """What the first of the columns that is not absent holds, as it is or converted or translated.

    Texts in `blank` count as absent. A number is divided by `divisor`; `decimal` is the sign in
    front of its decimals, empty for the file's own. A day is read by `day`. Of a translation, a
    text that is not listed stays what it is with `keep`.
    """

    columns: tuple[ColumnName, ...]
    conversion: str | None = None
    values: Mapping[str, Scalar] | None = None
    otherwise: Scalar | None = None
    blank: frozenset[str] = frozenset()
    divisor: int = 1
    decimal: str = ""
    day: Callable[[str], str] | None = None
    keep: bool = False

    @property
    def said(self) -> str:
        """The columns, as messages name them."""
        return names_of(self.columns)


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value in every row."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Template:
    """A text made of columns: literal texts and columns in turn, beginning with a text."""

    texts: tuple[str, ...]
    columns: tuple[ColumnName, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A source for the rows in which the first of the columns that is there compares as stated."""

    columns: tuple[ColumnName, ...]
    comparison: str
    operand: str | tuple[str, ...] | bool
    then: "ColumnValue | Constant | Template"


@dataclass(frozen=True, slots=True)
class Choice:
    """The value of the first case that holds, or else what the rest says."""

    cases: tuple[Case, ...]
    rest: "ColumnValue | Constant | Template | None"


@dataclass(frozen=True, slots=True)
class Listed:
    """A list with an object for each element that the first of the columns holds."""

    columns: tuple[ColumnName, ...]
    fields: "Mapping[str, Source]"


Source: TypeAlias = ColumnValue | Constant | Template | Choice | Listed


def names_of(columns: tuple[ColumnName, ...]) -> str:
    """Return how messages name columns of which the first that is not absent counts."""
    return " or ".join(column.name for column in columns)


def columns_of(source: Source) -> Iterator[ColumnName]:
    """Yield the columns that a source reads in a row; in the objects of a list it reads others."""
    match source:
        case ColumnValue(columns) | Template(_, columns) | Listed(columns):
            yield from columns
        case Choice(cases, rest):
            for case in cases:
                yield from case.columns
                yield from columns_of(case.then)
            if rest is not None:
                yield from columns_of(rest)
