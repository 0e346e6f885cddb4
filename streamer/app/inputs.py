"""What a command reads: rule sets, and events in files of any form."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from streamer.adapters.files import FileLog
from streamer.adapters.sorting import SortedLog
from streamer.app.shipped import mapping_file
from streamer.codecs.changes import decode_change
from streamer.codecs.events import decode
from streamer.codecs.outline import Outliner, no_outline, outline
from streamer.core.engine.program import RuleSet
from streamer.core.rules.compile import compile_rules
from streamer.core.rules.replacing import with_models
from streamer.errors import Finding, InvalidEvent, StreamerError, UsageError
from streamer.instants import EARLIEST, END
from streamer.language import Declared, Model, read_rules
from streamer.ports import Log
from streamer.types import Event, Millis, Record, SegmentChange

Decoder: TypeAlias = Callable[[Record], Event]

_BATCH: Final = 2_000
_CLOSELY: Final = 1_000
"""Up to so many times and values are counted for people."""
_TABLES: Final = frozenset({".csv", ".tsv"})


class EventReading(NamedTuple):
    """Events opened for one reading; `watch` is to be called after every batch.

    `outline` returns the customer and time of a record's event, in less time than decoding.
    """

    log: Log
    decode: Decoder
    watch: Callable[[], object] = lambda: None
    outline: Outliner = no_outline


Events: TypeAlias = Callable[[], AbstractContextManager[EventReading]]
"""Opens the events again at each call, for what reads them more than once."""


@dataclass(frozen=True, slots=True)
class Rules:
    """A rule set as its files declare it, and as it decides."""

    declared: Declared
    compiled: RuleSet

    def closely(self, models: Sequence[Model] = ()) -> RuleSet:
        """Return rules that decide the same, and keep counts and amounts as explanations show them.

        It keeps more of a customer, so it is for looking at a few. `models` hold in place of those
        with the same keys.
        """
        declared = self.declared
        declarations = with_models(declared.declarations, models)
        return compile_rules(declared.header, declarations, closely=_CLOSELY)


def load_rules(paths: Sequence[str]) -> Rules:
    """Read and compile files and folders of rules; raises as `read_rules` does."""
    return compiled(read_rules(paths))


def compiled(declared: Declared) -> Rules:
    """Compile what files declare."""
    return Rules(declared, compile_rules(declared.header, declared.declarations))


def open_events(
    paths: Sequence[str],
    mapping: str | None,
    warn: Callable[[Finding], object] = lambda _: None,
    *,
    sort: bool = False,
) -> tuple[FileLog | SortedLog, Decoder]:
    """Open files of events: JSON lines as they are, or with a mapping what it makes of the files.

    `mapping` is a file, or the name of one that is shipped. `warn` gets the paths of a mapping that
    are probably mistyped. The decoder raises `UsageError` at the first event that differs
    from those before it in carrying its append time or not: such a file has half a log time, which
    decides nothing. With `sort` the events come in order of their append time, or their time.
    """
    log, decode_one, outline_one = _opened(paths, mapping, warn)
    return _in_order(log, decode_one, outline_one, sort=sort), _uniform(decode_one)


def open_outlined(
    paths: Sequence[str],
    mapping: str | None,
    warn: Callable[[Finding], object] = lambda _: None,
    *,
    sort: bool = False,
) -> tuple[FileLog | SortedLog, Decoder, Outliner]:
    """Open files of events as `open_events` does, with what tells the outline of an event."""
    log, decode_one, outline_one = _opened(paths, mapping, warn)
    ordered = _in_order(log, decode_one, outline_one, sort=sort)
    return ordered, _uniform(decode_one), outline_one


def open_records(
    paths: Sequence[str],
    mapping: str | None,
    warn: Callable[[Finding], object] = lambda _: None,
) -> tuple[FileLog, Decoder]:
    """Open files of events as `open_events` does, whichever of them carry their append time.

    Raises `UsageError` for tables without a mapping.
    """
    log, decode_one, _ = _opened(paths, mapping, warn)
    return log, decode_one


def _opened(
    paths: Sequence[str], mapping: str | None, warn: Callable[[Finding], object]
) -> tuple[FileLog, Decoder, Outliner]:
    if mapping is None:
        for path in paths:
            if Path(path.lower().removesuffix(".gz")).suffix in _TABLES:
                raise UsageError(f"{path} is a table: say with --map what its columns mean")
        return FileLog(paths), decode, outline
    from streamer.mapping import read_mapping  # noqa: PLC0415 (slow; few replays map)

    file = mapping_file(mapping)
    says = read_mapping(file)
    layout = says.csv
    if layout is None:
        log = FileLog(paths, count=says.counter())
        for finding in says.strangers(log.peek()) if file == Path(mapping) else ():
            warn(finding)
        return log, says.decoder([]), says.outliner([])
    columns = list(layout.columns)
    log = FileLog(paths, csv=True, delimiter=layout.sign, headed=not columns, group=says.grouper())
    header = columns or layout.header(log.header)
    return log, says.decoder(header), says.outliner(header)


def _in_order(
    log: FileLog, decode_one: Decoder, outline_one: Outliner, *, sort: bool
) -> FileLog | SortedLog:
    if not sort:
        return log

    def instant(record: Record) -> Millis | None:
        try:
            found = outline_one(record) or decode_one(record)
        except InvalidEvent:
            return None
        return found.time if found.appended is None else found.appended

    return SortedLog(log, instant)


def read_records(log: Log, watch: Callable[[], object] = lambda: None) -> Iterator[Record]:
    """Yield every record of a log; `watch` is called after every batch."""
    offset = 0
    while records := log.read(0, offset, _BATCH):
        yield from records
        offset = records[-1].offset + 1
        watch()


def read_changes(
    log: Log, watch: Callable[[], object] = lambda: None
) -> Iterator[tuple[Record, SegmentChange]]:
    """Yield the changes of a log, as they were written, each with its record.

    `watch` is called after every batch. Raises `UsageError` with the place of a line that is no
    change.
    """
    for record in read_records(log, watch):
        try:
            change = decode_change(record.value)
        except StreamerError as error:
            raise refused(record, str(error)) from None
        if not EARLIEST <= change.at < END:
            raise refused(record, "the change is outside of the years 1990 to 2100")
        yield record, change


def read_events(reading: EventReading) -> Iterator[Event]:
    """Yield every event of a reading; what cannot be an event is passed over."""
    for record in read_records(reading.log, reading.watch):
        try:
            event = reading.decode(record)
        except InvalidEvent:
            continue
        yield event


def refused(record: Record, why: str) -> UsageError:
    """Return the error for a record that makes the whole input unusable."""
    return UsageError(f"{record.source}:{record.line}: {why}")


def _uniform(decode_one: Decoder) -> Decoder:
    timed: bool | None = None

    def decode_alike(record: Record) -> Event:
        nonlocal timed
        event = decode_one(record)
        if (event.appended is not None) is not timed:
            if timed is not None:
                raise refused(record, _half_timed(timed=timed))
            timed = event.appended is not None
        return event

    return decode_alike


def _half_timed(*, timed: bool) -> str:
    carried = "has no appended, the lines before it have" if timed else "is the first with appended"
    return f"this line {carried}: give every line its append time, or none"
