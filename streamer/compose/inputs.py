"""What a command reads: rule sets, and events in files of any form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from streamer.adapters.files import FileLog
from streamer.codecs.events import decode
from streamer.codecs.language import Declared, read_rules
from streamer.core.compile import compile_rules
from streamer.core.ruleset import RuleSet
from streamer.errors import UsageError
from streamer.types import Event, Record

Decoder: TypeAlias = Callable[[Record], Event]


@dataclass(frozen=True, slots=True)
class Rules:
    """A rule set as its files declare it, and as it decides."""

    declared: Declared
    compiled: RuleSet


def load_rules(paths: Sequence[str]) -> Rules:
    """Read and compile files and folders of rules; raises as `read_rules` does."""
    declared = read_rules(paths)
    return Rules(declared, compile_rules(declared.header, declared.declarations))


def open_events(paths: Sequence[str], mapping: str | None) -> tuple[FileLog, Decoder]:
    """Open files of events: JSON lines, or with a mapping file the rows of CSV.

    The decoder raises `UsageError` at the first event that differs from those before it in
    carrying its append time or not: such a file has half a log time, which decides nothing.
    """
    if mapping is None:
        return FileLog(paths), _uniform(decode)
    from streamer.codecs.mapping import read_mapping  # noqa: PLC0415 (slow; few replays map)

    layout = read_mapping(mapping)
    columns, sign = list(layout.csv.columns), layout.csv.sign
    log = FileLog(paths, csv=True, delimiter=sign, headed=not columns)
    return log, _uniform(layout.decoder(columns or layout.csv.header(log.header)))


def _uniform(decode_one: Decoder) -> Decoder:
    timed: bool | None = None

    def decode_alike(record: Record) -> Event:
        nonlocal timed
        event = decode_one(record)
        if (event.appended is not None) is not timed:
            if timed is not None:
                raise UsageError(_half_timed(record, timed=timed))
            timed = event.appended is not None
        return event

    return decode_alike


def _half_timed(record: Record, *, timed: bool) -> str:
    carried = "has no appended, the lines before it have" if timed else "is the first with appended"
    return (
        f"{record.source}:{record.line}: this line {carried}: "
        "give every line its append time, or none"
    )
