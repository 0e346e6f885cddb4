"""History in order of time, whatever the order of its lines: an external sort of a log.

Memory is bounded: what does not fit is written to temporary files in sorted runs, which are merged.
Lines of one instant keep their order; a line without an instant stays behind the line before it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from heapq import merge
from operator import itemgetter
from tempfile import TemporaryFile
from typing import IO, Final, TypeAlias

import msgspec

from streamer.adapters.closing import Closing
from streamer.adapters.files import FileLog
from streamer.errors import AdapterError
from streamer.types import Millis, Record

_Keyed: TypeAlias = tuple[Millis, Record]
RUN_BYTES: Final = 64 << 20
"""The most bytes of records that are sorted in memory at once."""
_RECORD_BYTES: Final = 300
"""About what a record takes in memory beside its value."""
_TOGETHER: Final = 500
_READ: Final = 2_000
_LENGTH: Final = 4

_by_time: Final = itemgetter(0)
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(list[tuple[int, Record]]).decode


class SortedLog(Closing):
    """The records of a log of files in order of time, with offsets in that order.

    `instant` tells when a record counts, None where it cannot. All is read at the first `read`.
    Raises as `FileLog` does, and `AdapterError` where a temporary file cannot be written.
    """

    def __init__(
        self,
        log: FileLog,
        instant: Callable[[Record], Millis | None],
        run_bytes: int = RUN_BYTES,
    ) -> None:
        self._log = log
        self._instant = instant
        self._run_bytes = run_bytes
        self._files = ExitStack()
        self._sorted: Iterator[_Keyed] | None = None
        self._next = 0

    def read(self, partition: int, offset: int, limit: int) -> Sequence[Record]:
        """Return the next `limit` records, fewer at the end; `offset` must be where it stands."""
        if partition != 0:
            return []
        if offset != self._next:
            raise AdapterError(f"a sorted log is read once, in order: {self._next} comes next")
        try:
            if self._sorted is None:
                self._sorted = self._merged()
            taken = zip(range(offset, offset + limit), self._sorted, strict=False)
            records = [record._replace(offset=number) for number, (_, record) in taken]
        except OSError as error:
            raise AdapterError(f"a temporary file cannot be used: {error.strerror}") from None
        self._next += len(records)
        return records

    def progress(self) -> tuple[int, int] | None:
        """Return how many bytes of the files were read of how many, as the log does."""
        return self._log.progress()

    def close(self) -> None:
        """Close the log, and remove the temporary files."""
        self._log.close()
        self._files.close()

    def _merged(self) -> Iterator[_Keyed]:
        runs: list[Iterator[_Keyed]] = []
        held: list[_Keyed] = []
        size = offset = last = 0
        while records := self._log.read(0, offset, _READ):
            offset += len(records)
            for record in records:
                instant = self._instant(record)
                last = last if instant is None else instant
                held.append((last, record))
                size += len(record.value) + _RECORD_BYTES
            if size >= self._run_bytes:
                held.sort(key=_by_time)
                runs.append(self._spilled(held))
                held, size = [], 0
        held.sort(key=_by_time)
        return merge(*runs, iter(held), key=_by_time)

    def _spilled(self, keyed: Sequence[_Keyed]) -> Iterator[_Keyed]:
        """Write a sorted run to a temporary file, and return what reads it."""
        file = self._files.enter_context(TemporaryFile())  # noqa: SIM115 (entered here)
        for start in range(0, len(keyed), _TOGETHER):
            data = _encode(keyed[start : start + _TOGETHER])
            file.write(len(data).to_bytes(_LENGTH))
            file.write(data)
        file.seek(0)
        return _read_back(file)


def _read_back(file: IO[bytes]) -> Iterator[_Keyed]:
    while head := file.read(_LENGTH):
        yield from _decode(file.read(int.from_bytes(head)))
