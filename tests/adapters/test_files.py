"""Event files are read line by line, and what is wrong with one is said in one clear line."""

import gzip
import io
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace

import pytest

from streamer.adapters.files import FileLog
from streamer.errors import AdapterError, UsageError
from streamer.types import Record

Unprivileged = Callable[[], AbstractContextManager[None]]


def read_all(log: FileLog, limit: int = 3) -> list[Record]:
    records: list[Record] = []
    while batch := log.read(0, len(records), limit):
        records += batch
    return records


def read_file(path: Path, *, csv: bool = False) -> list[Record]:
    with FileLog([path], csv=csv) as log:
        return read_all(log)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def test_each_line_knows_its_file_and_number(tmp_path: Path) -> None:
    one = written(tmp_path / "one.jsonl", b"a\n\nb\n")
    two = written(tmp_path / "two.jsonl.gz", b"c\nd")
    with FileLog([one, two]) as log:
        records = read_all(log)
    assert [(r.offset, r.source, r.line, r.value) for r in records] == [
        (0, str(one), 1, b"a"),
        (1, str(one), 2, b""),
        (2, str(one), 3, b"b"),
        (3, str(two), 1, b"c"),
        (4, str(two), 2, b"d"),
    ]
    assert records[0] == Record(0, 0, b"a", source=str(one), line=1)


def test_a_line_with_several_events_is_a_record_for_each(tmp_path: Path) -> None:
    path = written(tmp_path / "one.jsonl", b"a\nbb\nccc\n")
    with FileLog([path], count=len) as log:
        assert [one.value for one in log.peek()] == [b"a", b"bb", b"bb", b"ccc", b"ccc", b"ccc"]
        records = read_all(log)
    assert [(one.offset, one.line, one.headers) for one in records] == [
        (0, 1, ()),
        (1, 2, (("position", b"1"),)),
        (2, 2, (("position", b"2"),)),
        (3, 3, (("position", b"1"),)),
        (4, 3, (("position", b"2"),)),
        (5, 3, (("position", b"3"),)),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b'{\n  "id": "e-1",\n  "name": "cart_viewed"\n}\n',
        b'\n{\r\n\t"id": "e-1"\r\n}\r\n{\r\n\t"id": "e-2"\r\n}\r\n',
        b'[\n  {"id": "e-1"},\n  {"id": "e-2"}\n]\n',
    ],
)
def test_json_spread_over_several_lines_is_one_error(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path / "pretty.jsonl", content)
    with pytest.raises(UsageError, match="one document a line is read"):
        read_file(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04\x14\x00", "an Excel workbook: save it as CSV"),
        (gzip.compress(b"{}\n", mtime=0), "give it a name that ends in .gz"),
        (b"PAR1\x15\x00", "Parquet: save it as CSV or as JSON lines"),
        ("id,text\n".encode("utf-16"), "UTF-16: save it as UTF-8"),
    ],
)
def test_a_file_that_holds_no_lines_of_text_is_one_error(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = written(tmp_path / "events", content)
    with pytest.raises(UsageError, match=said):
        FileLog([path])


@pytest.mark.parametrize("content", [b'{\n{"id": "e-1"}\n', b"[]\n{}\n", b"{\n", b"\n\n"])
def test_a_broken_first_line_is_one_line(tmp_path: Path, content: bytes) -> None:
    records = read_file(written(tmp_path / "broken.jsonl", content))
    assert [one.value for one in records] == content.split(b"\n")[:-1]


def test_a_first_line_of_odd_bytes_is_one_line(tmp_path: Path) -> None:
    records = read_file(written(tmp_path / "odd.jsonl", b"\xff\xfe\n\x1f\x8b\n"))
    assert [one.value for one in records] == [b"\xff\xfe", b"\x1f\x8b"]


def test_csv_without_a_header_gives_all_rows(tmp_path: Path) -> None:
    path = written(tmp_path / "one.txt", b" 1  a\n 2  b\n")
    with FileLog([path], csv=True, delimiter=b" ", headed=False) as log:
        assert [(one.line, one.value) for one in read_all(log)] == [(1, b" 1  a"), (2, b" 2  b")]


def test_csv_gives_rows_without_the_header(tmp_path: Path) -> None:
    one = written(tmp_path / "one.csv", b'\xef\xbb\xbfid,text\r\n1,a\r\n2,"b\r\nc"\r\n')
    two = written(tmp_path / "two.csv.gz", b"id,text\n3,d\n")
    with FileLog([one, two], csv=True) as log:
        assert log.header == b"id,text"
        assert log.header == b"id,text"
        records = read_all(log)
    assert [(r.offset, r.line, r.value) for r in records] == [
        (0, 2, b"1,a"),
        (1, 3, b'2,"b\nc"'),
        (2, 2, b"3,d"),
    ]


def test_csv_may_hold_nothing_but_the_header(tmp_path: Path) -> None:
    assert read_file(written(tmp_path / "events.csv", b"id,text\n"), csv=True) == []


def test_csv_without_a_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"events\.csv is empty: a CSV file begins with a row"):
        read_file(written(tmp_path / "events.csv", b""), csv=True)


def test_csv_files_with_other_columns_are_refused(tmp_path: Path) -> None:
    one = written(tmp_path / "one.csv", b"id,text\n1,a\n")
    two = written(tmp_path / "two.csv", b"id,price\n1,2\n")
    with (
        FileLog([one, two], csv=True) as log,
        pytest.raises(UsageError, match=r"two\.csv has other columns than .*one\.csv"),
    ):
        read_all(log)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.BytesIO(b"a\nb\n")
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=stdin))
    with FileLog(["-"]) as log:
        records = read_all(log)
        assert log.progress() is None
    assert [(r.value, r.source, r.line) for r in records] == [
        (b"a", "standard input", 1),
        (b"b", "standard input", 2),
    ]
    assert not stdin.closed


def test_standard_input_can_be_named_once() -> None:
    with pytest.raises(UsageError, match="standard input"):
        FileLog(["-", "-"])


def test_pipes_are_read_and_have_no_end_in_sight(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as writer, FileLog([pipe]) as log:
        writer.submit(pipe.write_bytes, b"a\nb\n")
        assert [record.value for record in read_all(log)] == [b"a", b"b"]
        assert log.progress() is None


@pytest.mark.parametrize("name", ["events.jsonl", "events.jsonl.gz"])
def test_progress_goes_from_nothing_to_the_size_of_all_files(tmp_path: Path, name: str) -> None:
    lines = b"".join(os.urandom(60).hex().encode() + b"\n" for _ in range(5000))
    paths = [written(tmp_path / f"{number}-{name}", lines) for number in range(2)]
    total = sum(path.stat().st_size for path in paths)
    seen: list[int] = []

    def look(log: FileLog) -> None:
        done, of = log.progress() or (0, 0)
        assert of == total
        seen.append(done)

    with FileLog(paths) as log:
        look(log)
        offset = 0
        while batch := log.read(0, offset, 1000):
            offset += len(batch)
            look(log)
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0, total)
    assert 0 < seen[len(seen) // 2] < total


def test_files_are_read_once_and_in_order(tmp_path: Path) -> None:
    with FileLog([written(tmp_path / "events.jsonl", b"a\nb\nc\n")]) as log:
        log.read(0, 0, 2)
        for offset in (0, 1, 3):
            with pytest.raises(AdapterError, match="read once, in order"):
                log.read(0, offset, 2)
        assert [record.value for record in log.read(0, 2, 2)] == [b"c"]


def test_a_missing_file_is_refused_at_once(tmp_path: Path) -> None:
    good = written(tmp_path / "events.jsonl", b"a\n")
    with pytest.raises(UsageError, match=r"gone\.jsonl does not exist$"):
        FileLog([good, tmp_path / "gone.jsonl"])


def test_a_folder_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder: name the files in it"):
        FileLog([tmp_path])


def test_a_file_that_may_not_be_read_is_refused_at_once(
    open_folder: Path, unprivileged: Unprivileged
) -> None:
    path = written(open_folder / "events.jsonl", b"a\n")
    path.chmod(0o000)
    with unprivileged(), pytest.raises(UsageError, match="may not be read: allow reading it"):
        FileLog([path])


def test_a_name_that_is_too_long_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: File name too long"):
        FileLog([tmp_path / ("x" * 5000)])


def test_a_cut_gzip_file(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl.gz"
    path.write_bytes(gzip.compress(os.urandom(50_000).hex().encode())[:-1000])
    with pytest.raises(AdapterError, match=r"events\.jsonl\.gz ends too early"):
        read_file(path)


def test_a_damaged_gzip_file(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl.gz"
    content = bytearray(gzip.compress(os.urandom(50_000).hex().encode()))
    content[30_000:30_100] = bytes(100)
    path.write_bytes(content)
    with pytest.raises(AdapterError, match=r"events\.jsonl\.gz is damaged or no gzip file"):
        read_file(path)


def test_a_file_that_only_claims_to_be_gzip(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl.gz"
    path.write_bytes(b'{"id": "e-1"}\n')
    with pytest.raises(AdapterError, match="is damaged or no gzip file"):
        read_file(path)


def test_closing_in_the_middle_closes_the_file(tmp_path: Path) -> None:
    log = FileLog([written(tmp_path / "events.jsonl", b"a\n" * 100_000)])
    log.read(0, 0, 1)
    log.close()
    assert log.progress() == (0, 200_000)
