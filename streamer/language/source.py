"""Rule files as text, and what was found in them.

Every place knows its line and column (from 1, in characters); every finding can be shown with the
line it is about and a caret below.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final
from unicodedata import category, east_asian_width

from streamer.errors import Finding

_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_WINDOW: Final = 160
"""A longer line is shown in part, around the caret."""


class Source:
    """A text with a name. `order` is its place among the files of the rule set."""

    __slots__ = ("_starts", "_texts", "name", "order", "text")

    def __init__(self, name: str, text: str, order: int = 0) -> None:
        self.name = name
        self.text = text
        self.order = order
        self._starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
        self._texts: dict[int, str] = {}

    def line_of(self, offset: int) -> int:
        """Return the line of a character, from 1."""
        return bisect_right(self._starts, offset)

    def column_of(self, offset: int) -> int:
        """Return the column of a character, from 1."""
        return offset - self._starts[self.line_of(offset) - 1] + 1

    def line_text(self, line: int) -> str:
        """Return a line without its end."""
        if line not in self._texts:
            start = self._starts[line - 1]
            stop = self._starts[line] if line < len(self._starts) else len(self.text)
            self._texts[line] = self.text[start:stop].rstrip("\r\n")
        return self._texts[line]


@dataclass(frozen=True, slots=True)
class Place:
    """A character of a source."""

    source: Source
    offset: int

    @property
    def line(self) -> int:
        """The line, from 1."""
        return self.source.line_of(self.offset)

    @property
    def column(self) -> int:
        """The column, from 1."""
        return self.source.column_of(self.offset)

    def __str__(self) -> str:
        """Return `file:line:column`."""
        return f"{self.source.name}:{self.line}:{self.column}"


class FindingReport:
    """Collects errors and warnings while a rule set is read."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: list[tuple[int, int, int, Finding]] = []

    def error(self, place: Place, message: str) -> None:
        """Add an error."""
        self._add(place, message, "error")

    def warning(self, place: Place, message: str) -> None:
        """Add a warning: the rule can be used, but is probably not what was meant."""
        self._add(place, message, "warning")

    def has_errors(self) -> bool:
        """Return whether there is an error among the findings."""
        return any(entry[3].severity == "error" for entry in self._found)

    def findings(self) -> list[Finding]:
        """Return errors and warnings, in the order of the files and of the places in them."""
        return [finding for *_, finding in sorted(self._found)]

    def warnings(self) -> list[Finding]:
        """Return all warnings, in the order of the files and of the places in them."""
        return [finding for finding in self.findings() if finding.severity == "warning"]

    def _add(self, place: Place, message: str, severity: str) -> None:
        line = place.line
        text = place.source.line_text(line)
        finding = Finding(place.source.name, line, place.column, message, text, severity)
        self._found.append((place.source.order, place.offset, len(self._found), finding))


def render(finding: Finding) -> str:
    """Return the finding for a person: place and message, the line, a caret below the column."""
    head = str(finding)
    if finding.severity == "warning":
        head = f"{finding.file}:{finding.line}:{finding.column}: warning: {finding.message}"
    text, caret = finding.text, finding.column - 1
    if len(text) > _WINDOW:
        start = max(0, min(caret - _WINDOW // 2, len(text) - _WINDOW))
        cut = text[start : start + _WINDOW]
        before, after = "…" * (start > 0), "…" * (start + _WINDOW < len(text))
        text, caret = before + cut + after, caret - start + len(before)
    if not text.strip():
        return head
    pad = "".join(map(_blank, text[:caret]))
    return f"{head}\n  {text.rstrip()}\n  {pad}^"


def _blank(character: str) -> str:
    """Return blanks as wide as the character is in the cells of a terminal."""
    if character == "\t":
        return character
    if category(character) in {"Mn", "Me", "Cf"}:
        return ""
    return "  " if east_asian_width(character) in {"W", "F"} else " "
