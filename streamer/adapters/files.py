"""Events from files, changes and rejections into files: what a replay reads and writes.

A log of files is read once, from its beginning to its end. A sink of files shows its outputs under
their names only when all of them are complete.
"""

import gzip
import re
import sys
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import chain, count, repeat
from os import PathLike
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from types import TracebackType
from typing import IO, Any, Final, Self, TypeAlias

from streamer.adapters.closing import Closing
from streamer.adapters.lines import Block, ByteStream, grouped, is_spread, line_blocks, row_blocks
from streamer.adapters.output import Output, refuse_one_file
from streamer.codecs.changes import rejection_line
from streamer.codecs.parsing import POSITION
from streamer.errors import AdapterError, UsageError
from streamer.ports import OutboxEntry, PublishedMark
from streamer.types import Record

Headers: TypeAlias = tuple[tuple[str, bytes], ...]
STANDARD: Final = "-"
"""Instead of a file's name: standard input or standard output."""

_FOREIGN: Final = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook: save it as CSV or as JSON lines"),
    (b"\x1f\x8b\x08.", "compressed with gzip: give it a name that ends in .gz"),
    (b"PAR1", "Parquet: save it as CSV or as JSON lines"),
    (b"\xff\xfe.\x00|\xfe\xff\x00.", "UTF-16: save it as UTF-8"),
)
"""The first four bytes of files that hold no lines of text, as patterns, and what to do."""

_as_record: Final = partial(tuple.__new__, Record)
"""Make a record of the tuple of all its fields: half the time of calling `Record`."""


class FileLog(Closing):
    """The lines of files as one partition, 0; the offset counts them over all files, from 0.

    Every line is a record, also an empty one; its value is the line without its end, cut to one
    byte more than a record may have. Names that end in `.gz` are decompressed, `-` is standard
    input. With `csv`, a record is a raw row, which may span lines where a field in double quotes
    does, and the first row of each file is the header, unless they are not `headed`. `line` is
    the number, from 1, of the line on which the record begins. With `count`, which says how many
    events a line holds, a line with several is a record for each, with its position in a header.
    With `group`, which makes of the header what gives a row's key, rows in turn with the same key
    are one record, with line ends between them.

    Raises `UsageError` at once when a file cannot be read, `AdapterError` when reading fails.
    """

    def __init__(
        self,
        paths: Sequence[str | PathLike[str]],
        *,
        csv: bool = False,
        delimiter: bytes = b",",
        headed: bool = True,
        count: Callable[[bytes], int] | None = None,
        group: Callable[[bytes], Callable[[bytes], object]] | None = None,
    ) -> None:
        self._paths = [str(path) for path in paths]
        if self._paths.count(STANDARD) > 1:
            raise UsageError("standard input can be read only once: write - once")
        sizes = [_size(path) for path in self._paths]
        self._total = sum(size or 0 for size in sizes) if None not in sizes else None
        self._csv = csv
        self._delimiter = delimiter
        self._headed = headed
        self._count = count
        self._group = group
        self._header: bytes | None = None
        self._source: IO[bytes] | None = None
        self._finished_bytes = 0
        self._next = 0
        self._waiting: list[Record] = []
        self._taken = 0
        self._batches = self._read_all()

    @property
    def header(self) -> bytes:
        """The raw header row of CSV files, which is the same in all of them."""
        if self._header is None:
            self._fetch()
        return self._header or b""

    def read(self, partition: int, offset: int, limit: int) -> Sequence[Record]:
        """Return the next `limit` records, fewer at the end; `offset` must be where it stands."""
        if partition != 0:
            return []
        if offset != self._next:
            raise AdapterError(
                f"files are read once, in order: offset {offset} was asked for, "
                f"{self._next} comes next"
            )
        while len(self._waiting) - self._taken < limit and self._fetch():
            pass
        records = self._waiting[self._taken : self._taken + limit]
        self._taken += len(records)
        self._next += len(records)
        return records

    def peek(self) -> Sequence[Record]:
        """Return some of the records that come next, without reading past them."""
        if self._taken == len(self._waiting):
            self._fetch()
        return self._waiting[self._taken :]

    def progress(self) -> tuple[int, int] | None:
        """Return how many bytes were read of how many (compressed where the file is).

        None where it cannot be known: on standard input and other pipes.
        """
        if self._total is None:
            return None
        here = self._source.tell() if self._source is not None else 0
        return min(self._finished_bytes + here, self._total), self._total

    def close(self) -> None:
        """Close the file being read; nothing can be read any more."""
        self._batches.close()

    def _fetch(self) -> bool:
        """Take up the next batch of records; False at the end of the last file."""
        batch = next(self._batches, None)
        if batch is None:
            return False
        del self._waiting[: self._taken]
        self._waiting += batch
        self._taken = 0
        return True

    def _read_all(self) -> Generator[list[Record], None, None]:
        """Yield the records of all files, batch by batch."""
        offset = 0
        for path in self._paths:
            with _translated(path), self._opened(path) as stream:
                blocks = row_blocks(stream, self._delimiter) if self._csv else line_blocks(stream)
                if self._csv and self._headed:
                    blocks = self._without_header(path, blocks)
                if self._group is not None:
                    blocks = self._grouped(blocks, self._group)
                name = "standard input" if path == STANDARD else path
                for block in blocks:
                    values, lines = block
                    if not self._csv and lines[0] == 1:
                        _refuse_spread(name, values)
                    headers: Iterable[Headers] = repeat(())
                    if self._count is not None:
                        values, lines, headers = _for_each_event(block, self._count)
                    fields = zip(
                        repeat(0),
                        count(offset),
                        values,
                        repeat(None),
                        repeat(None),
                        headers,
                        repeat(name),
                        lines,
                    )
                    yield list(map(_as_record, fields))
                    offset += len(values)

    def _without_header(self, path: str, blocks: Iterator[Block]) -> Iterator[Block]:
        """Take the first row off, which must be the header of the files before."""
        header = None
        for values, lines in blocks:
            if header is not None:
                yield Block(values, lines)
                continue
            header = values[0]
            if self._header is None:
                self._header = header
            elif header != self._header:
                raise UsageError(
                    f"{path} has other columns than {self._paths[0]}: replay it on its own"
                )
            yield Block(values[1:], lines[1:])
        if header is None:
            raise UsageError(f"{path} is empty: a CSV file begins with a row of column names")

    def _grouped(
        self, blocks: Iterator[Block], group: Callable[[bytes], Callable[[bytes], object]]
    ) -> Iterator[Block]:
        """Join the rows of each group; which they are, the header's columns say."""
        first = next(blocks, None)
        if first is not None:
            yield from grouped(chain([first], blocks), group(self._header or b""))

    @contextmanager
    def _opened(self, path: str) -> Iterator[ByteStream]:
        """Open one file, decompressed, and follow how far it is read."""
        with nullcontext(sys.stdin.buffer) if path == STANDARD else Path(path).open("rb") as source:
            self._source = source
            try:
                if path.endswith(".gz"):
                    with gzip.GzipFile(fileobj=source) as stream:
                        yield stream
                elif path == STANDARD:
                    yield _AsItComes(source)
                else:
                    yield source
                if self._total is not None:
                    self._finished_bytes += source.tell()
            finally:
                self._source = None


class _AsItComes:
    """A pipe whose bytes are handed out as soon as they are there, not only in whole chunks."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source: Any = source  # a BufferedReader, which `sys.stdin` does not say

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, at least one unless it is at the end."""
        found: bytes = self._source.read1(size)
        return found


class FileSink:
    """Changes and rejections as JSON lines: each into a file, to standard output, or nowhere.

    `out` and `rejected` are names, `-` for standard output, or None. Files get their names when
    the sink is closed, whole and on the disk; until then, and after `abort`, there is nothing new
    under them. As a context manager it closes, or aborts when the block raises. Every method
    raises `AdapterError` for a full disk or a folder that cannot be written.
    """

    def __init__(
        self, out: str | PathLike[str] | None, rejected: str | PathLike[str] | None = None
    ) -> None:
        self._marks: dict[int, PublishedMark] = {}
        self._outputs: list[Output] = []
        refuse_one_file(out, rejected)
        self._changes = self._open(out)
        try:
            self._rejections = self._open(rejected)
        except BaseException:
            self.abort()
            raise

    def mark(self, partition: int, before: str = "") -> PublishedMark:  # noqa: ARG002 (a file has one owner)
        """Return up to where the partition is published."""
        return self._marks.get(partition, PublishedMark())

    def publish(self, batch: Sequence[OutboxEntry]) -> None:
        """Write what is above its partition's mark and set the mark to its number."""
        for entry in batch:
            if entry.number <= self.mark(entry.partition).number:
                continue
            if self._changes is not None and entry.changes:
                self._changes.write(entry.lines)
            if self._rejections is not None and entry.rejections:
                self._rejections.write([rejection_line(each) for each in entry.rejections])
            self._marks[entry.partition] = PublishedMark.after(entry)

    def close(self) -> None:
        """Give the files their names, once all of them are complete."""
        try:
            for output in self._outputs:
                output.finish()
            for output in self._outputs:
                output.install()
        except BaseException:
            self.abort()
            raise

    def abort(self) -> None:
        """Leave nothing behind."""
        for output in self._outputs:
            output.discard()

    def __enter__(self) -> Self:
        """Return the sink, to be closed or aborted at the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close, or abort when the block raised."""
        if kind is None:
            self.close()
        else:
            self.abort()

    def _open(self, name: str | PathLike[str] | None) -> Output | None:
        if name is None:
            return None
        output = Output(str(name))
        self._outputs.append(output)
        return output


def _for_each_event(
    block: Block, count: Callable[[bytes], int]
) -> tuple[list[bytes], list[int], list[Headers]]:
    """Return value, line and headers once for each event in the lines of a block."""
    values, lines, headers = list[bytes](), list[int](), list[Headers]()
    for value, line in zip(block.values, block.lines, strict=True):
        events = count(value)
        values += [value] * events
        lines += [line] * events
        headers += [
            ((POSITION, b"%d" % nth),) if events > 1 else () for nth in range(1, events + 1)
        ]
    return values, lines, headers


def _refuse_spread(name: str, values: Sequence[bytes]) -> None:
    """Raise `UsageError` for a file of pretty-printed JSON: one error, instead of one a line."""
    if is_spread(values):
        raise UsageError(
            f"{name} spreads its JSON over several lines, and one document a line is read: "
            f"write it so, for example with jq -c"
        )


def _refuse_foreign(path: str, begin: bytes) -> None:
    """Raise `UsageError` for a file whose first bytes say that it holds no lines of text."""
    for pattern, what in _FOREIGN:
        if re.fullmatch(pattern, begin, re.DOTALL):
            raise UsageError(f"{path} is {what}")


def _size(path: str) -> int | None:
    """Return the bytes of a file, None of a pipe; raises `UsageError` where nothing can be read."""
    if path == STANDARD:
        return None
    try:
        status = Path(path).stat()
        if S_ISDIR(status.st_mode):
            raise UsageError(f"{path} is a folder: name the files in it")
        if not S_ISREG(status.st_mode):
            return None
        with Path(path).open("rb") as file:
            if not path.endswith(".gz"):
                _refuse_foreign(path, file.read(4))
            return status.st_size
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist") from None
    except PermissionError:
        raise UsageError(f"{path} may not be read: allow reading it") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


@contextmanager
def _translated(path: str) -> Iterator[None]:
    """Turn what goes wrong while reading into one clear sentence."""
    try:
        yield
    except EOFError:
        raise AdapterError(f"{path} ends too early: the gzip file is cut, copy it again") from None
    except (gzip.BadGzipFile, zlib.error):
        message = f"{path} is damaged or no gzip file: if it is not compressed, rename it"
        raise AdapterError(message) from None
    except OSError as error:
        raise AdapterError(f"{path} cannot be read: {error.strerror}") from None
