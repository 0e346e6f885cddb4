"""The SQLite file survives what happens to files, and says in one line what is wrong with it."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from pathlib import Path
from threading import Barrier

import pytest

from streamer.adapters.database import FORMAT, Database
from streamer.adapters.outbox import encode_entry
from streamer.adapters.sqlite import SqliteLog, SqliteSink, SqliteStore
from streamer.errors import AdapterError, Fenced
from streamer.ports import Checkpoint, OutboxEntry, PartitionMeta, PublishedMark
from streamer.types import Membership
from tests.contracts.examples import outbox_entry

ROOT = Path(__file__).parents[2]
FORMAT_2 = Path(__file__).with_name("format_2.sql")
Unprivileged = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "streamer.db"


def commit(store: SqliteStore, epoch: int, number: int, customers: int = 50) -> None:
    """Commit a checkpoint in which everything carries the commit's number."""
    names = [f"u-{each}" for each in range(customers)]
    profiles = dict.fromkeys(names, b"%d" % number * 100)
    wakes = dict.fromkeys(names, number)
    store.commit(
        Checkpoint(
            0,
            epoch,
            number,
            number,
            None,
            profiles,
            wakes,
            number - 1,
            entry=outbox_entry(number),
            published=number - 1,
        )
    )


def test_everything_is_there_after_opening_again(path: Path) -> None:
    with Database(path) as database:
        SqliteLog(database).append(b"{}", 7)
        store, sink = SqliteStore(database), SqliteSink(database)
        commit(store, store.claim(0).epoch, 1)
        sink.publish([outbox_entry(1, 1, 1)])
    with Database(path) as database:
        store, sink = SqliteStore(database), SqliteSink(database)
        assert SqliteLog(database).read(0, 0, 10)[0].value == b"{}"
        assert store.claim(0).number == 1
        assert store.outbox(0) == [outbox_entry(1)]
        assert sink.mark(0).number == 1
        assert [each for _, each in sink.changes()] == list(outbox_entry(1).changes)
        assert len(sink.rejections()) == 1


def test_appending_goes_on_after_the_last_offset(path: Path) -> None:
    for offset in range(3):
        with Database(path) as database:
            assert SqliteLog(database).append(b"{}") == offset
            assert SqliteLog(database).append(b"{}", partition=1) == offset


def standing(customer: str, *segments: str) -> Membership:
    return Membership(customer, 1, 0, tuple((segment, 5) for segment in segments))


def test_sizes_follow_everybody_s_memberships(path: Path) -> None:
    with Database(path) as database:
        sink = SqliteSink(database)
        assert sink.sizes() == {}
        first = (standing("a", "cart_abandoner", "engagement.active"), standing("b", "vip"))
        sink.publish([OutboxEntry(1, memberships=first)])
        assert sink.sizes() == {"cart_abandoner": 1, "engagement.active": 1, "vip": 1}
        sink.publish([OutboxEntry(2, memberships=(standing("a", "vip"),))])
        sink.publish([OutboxEntry(2, memberships=(standing("b"),))])
        assert sink.sizes() == {"vip": 2}
        sink.publish([OutboxEntry(3, memberships=(Membership("a", 2, 0, None), standing("b")))])
        assert sink.sizes() == {}


def test_changes_can_be_followed(path: Path) -> None:
    with Database(path) as database:
        sink = SqliteSink(database)
        sink.publish([outbox_entry(1, 5)])
        first = sink.changes(limit=3)
        rest = sink.changes(after=first[-1][0])
        assert [each for _, each in first + rest] == list(outbox_entry(1, 5).changes)
        assert sink.changes(after=rest[-1][0]) == []


def test_owners_on_connections_of_their_own_fence_each_other(path: Path) -> None:
    with Database(path) as one, Database(path) as other:
        fenced, owner = SqliteStore(one), SqliteStore(other)
        fenced_epoch = fenced.claim(0).epoch
        commit(fenced, fenced_epoch, 1)
        owner_epoch = owner.claim(0).epoch
        with pytest.raises(Fenced):
            commit(fenced, fenced_epoch, 2)
        commit(owner, owner_epoch, 2)
        assert fenced.load(0, ["u-0"]) == {"u-0": b"2" * 100}


def test_of_many_owners_at_once_each_commit_is_written_by_one(path: Path) -> None:
    rounds, owners = 20, 4
    start = Barrier(owners)

    def work() -> int:
        """Claim and commit until the partition has its number of commits; return how many."""
        written = 0
        with Database(path) as database:
            store = SqliteStore(database)
            start.wait()
            while (meta := store.claim(0)).number < rounds:
                try:
                    commit(store, meta.epoch, meta.number + 1, customers=3)
                except Fenced:
                    continue
                written += 1
        return written

    with ThreadPoolExecutor(owners) as pool:
        written = sum(each.result() for each in [pool.submit(work) for _ in range(owners)])
    with Database(path) as database:
        assert written == SqliteStore(database).claim(0).number
        assert rounds <= written < rounds + owners


def test_a_new_file_may_be_opened_by_many_at_once(path: Path) -> None:
    start = Barrier(8)

    def append() -> int:
        start.wait()
        with Database(path, patience=30) as database:
            return SqliteLog(database).append(b"{}")

    with ThreadPoolExecutor(8) as pool:
        offsets = [each.result() for each in [pool.submit(append) for _ in range(8)]]
    assert sorted(offsets) == list(range(8))


WRITER = """
import sys
from itertools import count
from streamer.adapters.database import Database
from streamer.adapters.sqlite import SqliteSink, SqliteStore
from tests.adapters.test_sqlite import commit
from tests.contracts.examples import outbox_entry
database = Database(sys.argv[1])
store, sink = SqliteStore(database), SqliteSink(database)
meta = store.claim(0)
for waiting in store.outbox(0):  # what the one before committed, and was killed before telling
    sink.publish([waiting])
for number in count(meta.number + 1):
    commit(store, meta.epoch, number)
    sink.publish([outbox_entry(number)])
    print(number, flush=True)
"""


@pytest.mark.parametrize("lines", [1, 7, 40])
def test_a_killed_writer_leaves_whole_commits_only(path: Path, lines: int) -> None:
    seen = 0
    for _ in range(2):
        with subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-c", WRITER, path], cwd=ROOT, stdout=subprocess.PIPE
        ) as child:
            assert child.stdout is not None
            for _ in range(lines):
                seen = int(child.stdout.readline())
            child.send_signal(signal.SIGKILL)
        with Database(path) as database:
            number = SqliteStore(database).claim(0).number
            names = [f"u-{each}" for each in range(50)]
            profiles = SqliteStore(database).load(0, names)
            assert number >= seen
            assert profiles == dict.fromkeys(names, b"%d" % number * 100)
            assert SqliteStore(database).due(0, number, 100) == sorted((number, u) for u in names)
            assert SqliteStore(database).outbox(0) == [outbox_entry(number)]
            assert SqliteSink(database).mark(0).number in {number - 1, number}
            assert len(SqliteSink(database).changes()) == SqliteSink(database).mark(0).number


def test_a_full_disk_takes_nothing_of_the_commit(path: Path) -> None:
    with Database(path) as database:
        store = SqliteStore(database)
        epoch = store.claim(0).epoch
        commit(store, epoch, 1)
        ((pages,),) = database.rows("PRAGMA page_count")
        database.rows(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(AdapterError, match=r"streamer\.db cannot grow, the disk is full: free"):
            commit(store, epoch, 2, customers=5000)
        assert store.load(0, ["u-0"]) == {"u-0": b"1" * 100}
        assert store.due(0, 10, 1000) == sorted((1, f"u-{each}") for each in range(50))
        database.rows(f"PRAGMA max_page_count = {pages + 10_000}")
        commit(store, epoch, 2, customers=5000)
        assert len(store.due(0, 2, 10_000)) == 5000


def test_a_failing_disk_is_one_clear_line(
    path: Path, at_most: Callable[[int], AbstractContextManager[None]]
) -> None:
    with Database(path) as database:
        store = SqliteStore(database)
        epoch = store.claim(0).epoch
        with pytest.raises(AdapterError, match=r"streamer\.db cannot"), at_most(100_000):
            commit(store, epoch, 1, customers=5000)
        commit(store, epoch, 1)
        assert len(store.due(0, 1, 1000)) == 50


def test_a_file_in_use_is_waited_for_and_then_said(path: Path) -> None:
    with Database(path) as busy, Database(path, patience=0.01) as other:
        with (
            busy.transaction(),
            pytest.raises(AdapterError, match=r"streamer\.db is in use by another process"),
        ):
            SqliteLog(other).append(b"{}")
        assert SqliteLog(other).append(b"{}") == 0


def test_a_file_that_is_no_database(path: Path) -> None:
    path.write_bytes(b'{"id": "e-1"}\n' * 1000)
    with pytest.raises(AdapterError, match=r"streamer\.db is not a database: name another file"):
        Database(path)
    assert path.read_bytes() == b'{"id": "e-1"}\n' * 1000


def test_another_program_s_database_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as foreign:
        foreign.execute("CREATE TABLE places (url TEXT)")
    before = path.read_bytes()
    with pytest.raises(AdapterError, match="another program's database: name another file"):
        Database(path)
    assert path.read_bytes() == before


def test_a_newer_format_is_left_alone(path: Path) -> None:
    with Database(path) as database:
        database.rows(f"PRAGMA user_version = {FORMAT + 1}")
    with pytest.raises(
        AdapterError, match=f"has format {FORMAT + 1}; this program reads format {FORMAT} and the"
    ):
        Database(path)


def test_a_file_of_the_format_before_is_read_and_becomes_one_of_this(path: Path) -> None:
    entry = outbox_entry(7)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(FORMAT_2.read_text(encoding="utf-8"))
        connection.execute("INSERT INTO outbox VALUES (0, 7, ?)", (encode_entry(entry),))
        connection.commit()
    for epoch, before in ((4, "w/1"), (5, "w/2")):
        with Database(path) as database:
            meta = SqliteStore(database).claim(0, "w/2")
            fired = (1_700_000_000_001, "u-7")
            assert meta == PartitionMeta(epoch, 7, 70, None, {b"id": b"layout"}, fired, before, 6)
            assert SqliteStore(database).load(0, ["u-7"]) == {"u-7": b"profile"}
            assert SqliteStore(database).outbox(0) == [entry]
            assert SqliteSink(database).mark(0) == PublishedMark(6, 60, (1_700_000_000_000, ""))
            assert database.rows("PRAGMA user_version") == [(FORMAT,)]


def test_a_damaged_file(path: Path) -> None:
    with Database(path) as database:
        commit(SqliteStore(database), SqliteStore(database).claim(0).epoch, 1, customers=5000)
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    path.write_bytes(content)
    with (
        Database(path) as database,
        pytest.raises(AdapterError, match=r"streamer\.db is damaged: restore a copy, or delete it"),
    ):
        SqliteStore(database).due(0, 10, 10_000)


def test_an_empty_file_is_a_new_one(path: Path) -> None:
    path.touch()
    with Database(path) as database:
        assert SqliteLog(database).append(b"{}") == 0


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="cannot be opened: its folder must exist"):
        Database(tmp_path / "none" / "streamer.db")


def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="cannot be opened"):
        Database(tmp_path)


def test_a_folder_that_may_not_be_written(open_folder: Path, unprivileged: Unprivileged) -> None:
    open_folder.chmod(0o555)
    with unprivileged(), pytest.raises(AdapterError, match="cannot be opened: its folder must"):
        Database(open_folder / "streamer.db")


def test_a_file_that_may_not_be_written(open_folder: Path, unprivileged: Unprivileged) -> None:
    path = open_folder / "streamer.db"
    Database(path).close()
    path.chmod(0o444)
    with (
        unprivileged(),
        Database(path) as database,
        pytest.raises(AdapterError, match="is read-only: allow writing to it and to its folder"),
    ):
        SqliteStore(database).claim(0)


def test_an_interrupted_block_is_undone(path: Path) -> None:
    def interrupted(database: Database) -> None:
        with database.transaction() as connection:
            connection.execute("INSERT INTO marks VALUES (0, 7, 0, 0, '')")
            raise KeyboardInterrupt

    with Database(path) as database:
        with pytest.raises(KeyboardInterrupt):
            interrupted(database)
        assert SqliteSink(database).mark(0).number == 0
