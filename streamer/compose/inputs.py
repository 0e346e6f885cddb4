"""What a command reads: rule sets, and events in files of any form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from streamer.adapters.files import FileLog
from streamer.codecs.events import decode
from streamer.codecs.language import Declared, read_rules
from streamer.compose.shipped import mapping_file
from streamer.core.compile import compile_rules
from streamer.core.ruleset import RuleSet
from streamer.errors import Finding, UsageError
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


def open_events(
    paths: Sequence[str],
    mapping: str | None,
    warn: Callable[[Finding], object] = lambda _: None,
) -> tuple[FileLog, Decoder]:
    """Open files of events: JSON lines as they are, or with a mapping what it makes of the files.

    `mapping` is a file, or the name of one that is shipped. `warn` is told which paths of a mapping
    file are probably mistyped. The decoder raises `UsageError` at the first event that differs
    from those before it in carrying its append time or not: such a file has half a log time, which
    decides nothing.
    """
    log, decode_one = open_records(paths, mapping, warn)
    return log, _uniform(decode_one)


def open_records(
    paths: Sequence[str],
    mapping: str | None,
    warn: Callable[[Finding], object] = lambda _: None,
) -> tuple[FileLog, Decoder]:
    """Open files of events as `open_events` does, whichever of them carry their append time."""
    if mapping is None:
        return FileLog(paths), decode
    from streamer.codecs.mapping import read_mapping  # noqa: PLC0415 (slow; few replays map)

    file = mapping_file(mapping)
    says = read_mapping(file)
    layout = says.csv
    if layout is None:
        log = FileLog(paths, count=says.counter())
        for finding in says.strangers(log.peek()) if str(file) == mapping else ():
            warn(finding)
        return log, says.decoder([])
    columns = list(layout.columns)
    log = FileLog(paths, csv=True, delimiter=layout.sign, headed=not columns)
    return log, says.decoder(columns or layout.header(log.header))


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
