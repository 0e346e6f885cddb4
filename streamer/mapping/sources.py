"""Where a field of an event comes from: columns, a constant, a text made of them, a choice.

A source knows nothing of files, and does nothing; `readers` turns it into a function of a row.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from streamer.language.source import Place
from streamer.types import Scalar

LINE: Final = "line"
"""The word for the number of the row's line."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a row, or a path in JSON, and where the mapping names it."""

    name: str
    at: Place


@dataclass(frozen=True, slots=True)
class Cell:
    """What the first of the columns that is not absent holds, as it is or converted or translated.

    Texts in `blank` count as absent. A number is divided by `divisor`.
    """

    columns: tuple[Column, ...]
    conversion: str | None = None
    values: Mapping[str, Scalar] | None = None
    otherwise: Scalar | None = None
    blank: frozenset[str] = frozenset()
    divisor: int = 1

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
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A value for the rows in which a column compares as stated."""

    column: Column
    comparison: str
    operand: str | tuple[str, ...]
    value: Scalar


@dataclass(frozen=True, slots=True)
class Choice:
    """The value of the first case that holds, or else what the rest says."""

    cases: tuple[Case, ...]
    rest: "Cell | Constant | Template | None"


@dataclass(frozen=True, slots=True)
class Listed:
    """A list with an object for each element that the first of the columns holds."""

    columns: tuple[Column, ...]
    fields: "Mapping[str, Source]"


Source: TypeAlias = Cell | Constant | Template | Choice | Listed


def names_of(columns: tuple[Column, ...]) -> str:
    """Return how messages name columns of which the first that is not absent counts."""
    return " or ".join(column.name for column in columns)


def columns_of(source: Source) -> Iterator[Column]:
    """Yield the columns that a source reads in a row; in the objects of a list it reads others."""
    match source:
        case Cell(columns) | Template(_, columns) | Listed(columns):
            yield from columns
        case Choice(cases, rest):
            yield from (case.column for case in cases)
            if rest is not None:
                yield from columns_of(rest)
