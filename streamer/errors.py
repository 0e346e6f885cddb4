"""Every error that Streamer raises on purpose, in one tree.

    StreamerError                 something a person can act on; its text is one clear sentence
    +-- NothingAccepted           no line of the input was accepted (exit status 1)
    +-- UsageError                the command line or a setting is wrong (exit status 2)
    +-- RuleErrors                one or more errors in rule files, each with its place
    +-- MappingError              one or more errors in a mapping file, each with its place
    +-- InvalidEvent              a record that cannot be an event
    +-- AdapterError              an outside thing (a file, a store, a log) failed
        +-- Fenced                another owner has taken the partition over
        +-- Unavailable           it cannot be reached or used just now; trying again may help
        +-- NotPublished          records that Kafka refused, or that it did not take in time

Errors of third-party libraries are translated into these where the library is called.
"""

from dataclasses import dataclass


class StreamerError(Exception):
    """Something went wrong that a person can act on."""


class UsageError(StreamerError):
    """The command line, a setting or an input as a whole cannot be used."""


class NothingAccepted(StreamerError):
    """A question about events cannot be answered, because no line was accepted as an event."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One error or warning in a text file: where it is, what is wrong, what to write instead.

    `line` and `column` count from 1. `text` is the offending line without its line end.
    """

    file: str
    line: int
    column: int
    message: str
    text: str = ""
    severity: str = "error"

    def __str__(self) -> str:
        """Return `file:line:column: message`."""
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class RuleErrors(StreamerError):
    """A rule set that cannot be used.

    `findings` holds all its errors and warnings at once, in file order.
    """

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings

    @property
    def errors(self) -> list[Finding]:
        """The findings that keep the rules from being used."""
        return [finding for finding in self.findings if finding.severity == "error"]


class MappingError(StreamerError):
    """A mapping file that cannot be used; `findings` holds its errors, in file order."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings


class InvalidEvent(StreamerError):
    """A record that cannot be an event; `path` is the place in the schema that it breaks."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path


class AdapterError(StreamerError):
    """An outside thing failed; the text says which, and what to do."""


class Fenced(AdapterError):
    """Another owner has claimed the partition: nothing was written, drop what is cached."""


class Unavailable(AdapterError):
    """An outside thing cannot be reached or used just now: try again later."""


class NotPublished(AdapterError):
    """Records did not come into Kafka; `records` holds their values, in the order given."""

    def __init__(self, message: str, records: tuple[bytes, ...]) -> None:
        super().__init__(message)
        self.records = records
