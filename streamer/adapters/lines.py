"""A stream of bytes cut into lines, or into rows of CSV, in blocks and in bounded memory.

Every line is handed out, also an empty one; a line end at the end of the stream begins no further
line. Lines end with LF or CRLF. A byte order mark before the first line is dropped. Of a line
over the size of a record only one byte more than that size is kept, so that the decoder
sees that it is too long.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Final, NamedTuple, Protocol

from streamer.codecs.limits import MAX_BYTES

CHUNK: Final = 1 << 16
"""How many bytes are asked for at a time: large enough to be fast, small enough for the cache."""

_MARK: Final = b"\xef\xbb\xbf"
_TO_CLOSING_QUOTE: Final = re.compile(rb'[^"]*+(?:""[^"]*+)*+"')


class ByteStream(Protocol):
    """What can be read in order: a file, a decompressed file, standard input."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end."""


class Block(NamedTuple):
    """Some lines or rows in order, and the number, from 1, of the line where each begins."""

    values: Sequence[bytes]
    lines: Sequence[int]


def line_blocks(stream: ByteStream) -> Iterator[Block]:
    """Yield every line of the stream, without its end."""
    number = 1
    for values in _cut(stream):
        yield Block(values, range(number, number + len(values)))
        number += len(values)


def row_blocks(stream: ByteStream, delimiter: bytes = b",") -> Iterator[Block]:
    """Yield every row of CSV with double quotes; a row with quoted line ends is one value.

    A quote that does not close within the size of a record spoils the row that it stands in, not
    the file: the lines after it are handed out as if it were not there.
    """
    lines = chain.from_iterable(zip(*block, strict=True) for block in line_blocks(stream))
    values: list[bytes] = []
    numbers: list[int] = []
    size = 0
    for value, number in _rows(lines, re.compile(b"(?:^|" + re.escape(delimiter) + b')"')):
        values.append(value)
        numbers.append(number)
        size += len(value)
        if size >= CHUNK:
            yield Block(values, numbers)
            values, numbers, size = [], [], 0
    if values:
        yield Block(values, numbers)


def grouped(blocks: Iterable[Block], key: Callable[[bytes], object]) -> Iterator[Block]:
    """Yield rows that stand in turn with the same key as one, with line ends between them.

    A row whose key is None stands alone; so does what would be longer than a record.
    """
    held, at, size = list[bytes](), 0, 0
    shared: object = None
    for block in blocks:
        values, lines = list[bytes](), list[int]()
        for value, line in zip(*block, strict=True):
            own = key(value)
            if held and own is not None and own == shared and size + len(value) < MAX_BYTES:
                held.append(value)
                size += len(value) + 1
                continue
            if held:
                values.append(b"\n".join(held))
                lines.append(at)
            held, at, size, shared = [value], line, len(value), own
        if values:
            yield Block(values, lines)
    if held:
        yield Block([b"\n".join(held)], [at])


def is_spread(values: Sequence[bytes]) -> bool:
    """Return whether the first lines show one JSON document spread over several of them."""
    opening, inner, *_ = (*islice(filter(None, map(bytes.strip, values)), 2), b"", b"")
    return (opening == b"{" and inner.startswith(b'"')) or (
        opening == b"[" and inner.startswith((b"{", b"["))
    )


def _cut(stream: ByteStream) -> Iterator[list[bytes]]:
    """Yield the stream's lines, those of one chunk at a time."""
    rest = b""
    overlong = False
    first = True
    while chunk := stream.read(CHUNK):
        if first:
            chunk = chunk.removeprefix(_MARK)
            first = False
        if overlong:  # the beginning of this line has been handed out
            _, end, chunk = chunk.partition(b"\n")
            if not end:
                continue
            overlong = False
        text = rest + chunk
        if b"\r\n" in text:
            text = text.replace(b"\r\n", b"\n")
        lines = text.split(b"\n")
        rest = lines.pop()
        if lines and len(lines[0]) > MAX_BYTES:
            lines[0] = lines[0][: MAX_BYTES + 1]
        # Two bytes more: the last one may be the CR of a line end.
        if len(rest) >= MAX_BYTES + 2:
            lines.append(rest[: MAX_BYTES + 1])
            rest = b""
            overlong = True
        if lines:
            yield lines
    if rest:
        yield [rest[: MAX_BYTES + 1]]


def _rows(
    lines: Iterable[tuple[bytes, int]], opening_quote: re.Pattern[bytes]
) -> Iterator[tuple[bytes, int]]:
    """Join the lines of each row: those between which a quoted field is open."""
    held: list[tuple[bytes, int]] = []
    size = 0
    for value, number in lines:
        if not held and b'"' not in value:
            yield value, number
            continue
        held.append((value, number))
        size += len(value) + 1
        if not _stays_open(value, opening_quote, inside=len(held) > 1):
            yield b"\n".join([part for part, _ in held])[: MAX_BYTES + 1], held[0][1]
        elif size > MAX_BYTES:
            yield from held
        else:
            continue
        held, size = [], 0
    # While a field is open, every quote in it is doubled: each held line but the first is whole.
    yield from held


def _stays_open(line: bytes, opening_quote: re.Pattern[bytes], *, inside: bool) -> bool:
    """Whether a quoted field is open at the end of the line; `inside`: at its beginning."""
    position = 0
    while True:
        if not inside:
            opening = opening_quote.search(line, position)
            if opening is None:
                return False
            position = opening.end()
        closing = _TO_CLOSING_QUOTE.match(line, position)
        if closing is None:
            return True
        position = closing.end()
        inside = False
