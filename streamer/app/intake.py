"""What became of the lines that a command read: accepted as events, or why not.

An answer about events rests on the accepted ones alone, so every command that reads events counts
the others. Reasons are counted by the place in the schema that is broken, each with its first line.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from streamer.errors import InvalidEvent, NothingAccepted, StreamerError, UsageError
from streamer.types import Event, Record

MOST_REASONS: Final = 3
"""How many reasons are listed, the most frequent first."""


class RefusalReason(NamedTuple):
    """How many lines were invalid for one reason, and the first of them with its place."""

    times: int
    example: str


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of `lines` lines; the names are those of a replay's outcomes.

    `left_out` lines lie after the last instant of the question. `reasons` are of the invalid.
    `timed` says whether the lines carried their append time.
    """

    lines: int
    applied: int
    duplicate: int = 0
    late: int = 0
    early: int = 0
    invalid: int = 0
    left_out: int = 0
    reasons: tuple[RefusalReason, ...] = ()
    timed: bool = False

    @property
    def rejected(self) -> int:
        """How many lines were not accepted."""
        return self.duplicate + self.late + self.early + self.invalid

    def no_answer(self, why: str) -> StreamerError:
        """Return the error of a question without an answer, with how many lines lack to it."""
        if not self.rejected:
            return NothingAccepted(f"{why}; there is no line") if self.unusable else UsageError(why)
        said = f"{why}; {self.rejected:,} of {self.lines:,} lines were not accepted"
        said += "".join(f", the first {reason.example}" for reason in self.reasons[:1])
        return NothingAccepted(said) if self.unusable else UsageError(said)

    @property
    def unusable(self) -> bool:
        """Whether there was no line at all that was accepted or left out."""
        return self.rejected == self.lines


def watched(
    decode: Callable[[Record], Event], watch: Callable[[Event], object]
) -> Callable[[Record], Event]:
    """Return a decoder that does the same, and gives each event to `watch` first."""

    def decode_watched(record: Record) -> Event:
        event = decode(record)
        watch(event)
        return event

    return decode_watched


class Refusals:
    """Counts what a decoder refuses, by reason."""

    def __init__(self) -> None:
        self.invalid = 0
        self._times: dict[str, int] = {}
        self._first: dict[str, str] = {}

    def note(self, record: Record, error: InvalidEvent) -> None:
        """Count one record that is no event."""
        self.invalid += 1
        self._times[error.path] = self._times.get(error.path, 0) + 1
        if error.path not in self._first:
            self._first[error.path] = f"{record.source}:{record.line}: {error.reason}"

    def noting(self, decode: Callable[[Record], Event]) -> Callable[[Record], Event]:
        """Return a decoder that does the same, and whose refusals are counted here."""

        def decode_noting(record: Record) -> Event:
            try:
                return decode(record)
            except InvalidEvent as error:
                self.note(record, error)
                raise

        return decode_noting

    def reasons(self) -> tuple[RefusalReason, ...]:
        """Return the most frequent reasons, those that came first before others as frequent."""
        paths = sorted(self._times, key=lambda path: -self._times[path])[:MOST_REASONS]
        return tuple(RefusalReason(self._times[path], self._first[path]) for path in paths)
