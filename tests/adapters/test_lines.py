"""Streams are cut into the lines and rows that a person would see, in bounded memory."""

import csv
import io
import tracemalloc
from collections.abc import Callable, Iterator

import hypothesis.strategies as st
import pytest
from hypothesis import given

from streamer.adapters.lines import Block, ByteStream, line_blocks, row_blocks
from streamer.codecs.limits import MAX_BYTES


class Dribble:
    """A stream that gives a few bytes at a time, as a slow pipe may."""

    def __init__(self, content: bytes, most: int) -> None:
        self._content = io.BytesIO(content)
        self._most = most

    def read(self, size: int, /) -> bytes:
        return self._content.read(min(size, self._most))


class Repeating:
    """A stream of one byte, over and over, that is never in memory as a whole."""

    def __init__(self, byte: bytes, size: int, end: bytes) -> None:
        self._byte, self._left, self._end = byte, size, end

    def read(self, size: int, /) -> bytes:
        count = min(size, self._left)
        self._left -= count
        if count:
            return self._byte * count
        end, self._end = self._end, b""
        return end


def cut(
    content: bytes | ByteStream, blocks: Callable[[ByteStream], Iterator[Block]] = line_blocks
) -> list[tuple[int, bytes]]:
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    return [
        (number, value)
        for block in blocks(stream)
        for number, value in zip(block.lines, block.values, strict=True)
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\n", [b"a"]),
        (b"\n", [b""]),
        (b"\n\n", [b"", b""]),
        (b"a\n\nb", [b"a", b"", b"b"]),
        (b"a\r\nb\r\n", [b"a", b"b"]),
        (b"\r\n", [b""]),
        (b"a\rb\n", [b"a\rb"]),
        (b"a\r\r\n", [b"a\r"]),
        ("ein\u2028zwei\x0bdrei\x85\n".encode(), ["ein\u2028zwei\x0bdrei\x85".encode()]),
        (b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n", [b"a", b"\xef\xbb\xbfb"]),
    ],
)
def test_lines(content: bytes, expected: list[bytes]) -> None:
    assert cut(content) == list(enumerate(expected, 1))


@given(
    content=st.lists(st.sampled_from([b"a", b"{}", b"\n", b"\r", b"\r\n", b'"', b""])).map(
        b"".join
    ),
    most=st.integers(1, 5),
)
def test_lines_do_not_depend_on_how_the_bytes_arrive(content: bytes, most: int) -> None:
    expected = content.replace(b"\r\n", b"\n").split(b"\n")
    if not expected[-1]:
        expected.pop()
    assert cut(Dribble(content, most)) == list(enumerate(expected, 1))


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("most", [MAX_BYTES // 3, 1 << 30])
def test_a_line_of_the_largest_size_is_whole_and_a_longer_one_is_cut(most: int, end: bytes) -> None:
    largest = b"x" * MAX_BYTES
    content = largest + end + largest + b"y" + end + largest + b"yz" + end + b"next" + end
    assert [value for _, value in cut(Dribble(content, most))] == [
        largest,
        largest + b"y",
        largest + b"y",
        b"next",
    ]


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_last_line_beyond_the_size_is_cut(end: bytes) -> None:
    ((number, value),) = cut(b"x" * (3 * MAX_BYTES) + end)
    assert (number, len(value)) == (1, MAX_BYTES + 1)


def test_a_line_of_any_length_needs_little_memory() -> None:
    tracemalloc.start()
    try:
        (first, second) = cut(Repeating(b"x", 40 * MAX_BYTES, b"\nnext"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (len(first[1]), second) == (MAX_BYTES + 1, (2, b"next"))
    assert peak < 8 * MAX_BYTES


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'a,b\n1,2\n"x\ny",3\n4,5\n', [(1, b"a,b"), (2, b"1,2"), (3, b'"x\ny",3'), (5, b"4,5")]),
        (b'1,"x\r\n\r\ny"\r\n2,3\r\n', [(1, b'1,"x\n\ny"'), (4, b"2,3")]),
        (b'1,"say ""hi""\nthere"\n2\n', [(1, b'1,"say ""hi""\nthere"'), (3, b"2")]),
        (b'1,"",2\n3\n', [(1, b'1,"",2'), (2, b"3")]),
        (b'1,5" pipe,2\n3\n', [(1, b'1,5" pipe,2'), (2, b"3")]),
        (b'1,5" pipe,"a\nb"\n3\n', [(1, b'1,5" pipe,"a\nb"'), (3, b"3")]),
        (b"1\n\n2\n", [(1, b"1"), (2, b""), (3, b"2")]),
        (b'"a\n\nb"\n', [(1, b'"a\n\nb"')]),
    ],
)
def test_rows(content: bytes, expected: list[tuple[int, bytes]]) -> None:
    assert cut(content, row_blocks) == expected


fields = st.lists(st.sampled_from([b"a", b",", b'"', b"\n", b" "]), max_size=5).map(b"".join)


@given(st.lists(st.lists(fields, min_size=1, max_size=4), max_size=5))
def test_rows_are_those_of_the_csv_library(table: list[list[bytes]]) -> None:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(
        [field.decode() for field in row] for row in table
    )
    rows = [value for _, value in cut(written.getvalue().encode(), row_blocks)]
    read = [next(csv.reader(io.StringIO(row.decode(), newline="")), []) for row in rows]
    assert read == [[field.decode() for field in row] for row in table]


def test_rows_with_another_delimiter() -> None:
    content = b'1;"a\nb";2\n1,"a;3\n'
    blocks = list(row_blocks(io.BytesIO(content), b";"))
    assert [list(block.values) for block in blocks] == [[b'1;"a\nb";2', b'1,"a;3']]


def test_a_quote_that_never_closes_spoils_its_own_row_only() -> None:
    rows = [b"1,a", b'2,"b', b"3,c", b'4,""', b"5,e"]
    assert cut(b"\n".join(rows), row_blocks) == list(enumerate(rows, 1))


def test_a_quote_that_does_not_close_within_a_record_s_size_spoils_its_own_row_only() -> None:
    rows = [b'1,"a', *[b"2," + b"b" * 1000] * 3000, b'3,"c', b'd"', b"4,e"]
    read = cut(b"\n".join(rows), row_blocks)
    assert read[:3001] == list(enumerate(rows[:3001], 1))
    assert read[3001:] == [(3002, b'3,"c\nd"'), (3004, b"4,e")]


def test_a_row_beyond_the_size_is_cut() -> None:
    content = b'"' + b"a" * MAX_BYTES + b'\nb"\nnext\n'
    assert cut(content, row_blocks) == [(1, b'"' + b"a" * MAX_BYTES), (2, b'b"'), (3, b"next")]
    content = b'"' + b"a" * (MAX_BYTES // 2) + b"\n" + b"b" * (MAX_BYTES // 2) + b'"\nnext\n'
    (first, second) = cut(content, row_blocks)
    assert (first[0], len(first[1])) == (1, MAX_BYTES + 1)
    assert second == (3, b"next")


def test_large_files_come_in_several_blocks() -> None:
    content = b'1,"a"\n' * 30_000
    assert len(list(row_blocks(io.BytesIO(content)))) > 1
    assert len(cut(content, row_blocks)) == 30_000
