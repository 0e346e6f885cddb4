"""The view: batches whole or not at all, once each, bounded, and nothing of who is gone."""

import json
from itertools import product
from pathlib import Path
from string import ascii_lowercase

import pytest

from streamer.adapters.database import Database
from streamer.adapters.view.batches import Published, Rejected, Stands, ViewBatch
from streamer.adapters.view.reading import ViewReader
from streamer.adapters.view.tables import open_view
from streamer.adapters.view.writing import ViewWriter
from streamer.codecs.changes import encode_change
from streamer.errors import AdapterError
from streamer.types import HOUR, Direction, Membership, SegmentChange

BORN = 1_767_225_600_000


def published(
    offset: int, direction: Direction = "entered", who: str = "u-1", cause: str = "event"
) -> Published:
    change = SegmentChange(
        who, "vip", direction, BORN + offset * HOUR, offset + 1, BORN, cause,
        "e-1" if cause == "event" else None, ("because",), "sha256:1", holdout=False,
    )  # fmt: skip
    return Published(0, offset, change, encode_change(change), change.at + 80)


def stands(who: str, *segments: str, gone: bool = False) -> Stands:
    inside = tuple((one, BORN) for one in segments)
    return Stands(0, who, None if gone else Membership(who, 1, BORN, inside))


def test_what_is_handed_over_twice_counts_once(tmp_path: Path) -> None:
    with open_view(tmp_path / "view.db") as database:
        writer, reader = ViewWriter(database), ViewReader(database)
        batch = ViewBatch([published(0), published(1, "exited")], [stands("u-1", "vip")])
        batch.positions = {("changes", 0): 2}
        assert len(writer.apply(batch, 1)) == 2
        assert writer.apply(batch, 2) == []
        assert reader.sizes() == {"vip": 1}
        flows = reader.flows("hours", 0, 1 << 61, None)
        assert [(one.entered, one.exited) for one in flows] == [(1, 0), (0, 1)]
        assert writer.positions() == {("changes", 0): 2}
        assert reader.stays("vip") == [HOUR]
        assert reader.delays(10) == [80, 80]


def test_a_customer_who_is_gone_leaves_no_id(tmp_path: Path) -> None:
    file = tmp_path / "view.db"
    with open_view(file) as database:
        writer, reader = ViewWriter(database), ViewReader(database)
        writer.apply(ViewBatch([published(0, who="u-gone")], [stands("u-gone", "vip")]), 1)
        assert any(b"u-gone" in part.read_bytes() for part in tmp_path.iterdir())
        writer.apply(ViewBatch([], [stands("u-gone", gone=True)]), 2)
        writer.apply(ViewBatch([published(1, "exited", "u-gone", "erasure")]), 3)
        writer.apply(ViewBatch([published(2, who="u-late")]), 4)  # its end was read before
        writer.forget_gone(reader.last_position())
        assert reader.sizes() == {"vip": 0}
        assert reader.where("u-gone") is None
        assert reader.after(0, 10) == []
        assert sum(one.entered for one in reader.flows("hours", 0, 1 << 61, "vip")) == 2
        for part in sorted(tmp_path.iterdir()):
            assert b"u-gone" not in part.read_bytes(), part
            assert b"u-late" not in part.read_bytes(), part


def test_only_the_latest_changes_and_reasons_are_kept(tmp_path: Path) -> None:
    with open_view(tmp_path / "view.db") as database:
        writer, reader = ViewWriter(database, kept=10), ViewReader(database)
        writer.apply(ViewBatch([published(number, who=f"u-{number}") for number in range(40)]), 1)
        assert len(reader.after(0, 100)) == 10
        (reached,) = reader.reached()
        assert (reached.offset, reached.dropped) == (39, 29)
        assert sum(one.entered for one in reader.flows("hours", 0, 1 << 61, None)) == 40
        reasons = ["".join(pair) for pair in product(ascii_lowercase, repeat=2)]
        many = [Rejected("invalid", one, "", number, "") for number, one in enumerate(reasons)]
        writer.apply(ViewBatch(rejected=many), 2)
        assert len(reader.rejected()) == 500


def test_reasons_that_differ_in_values_only_are_one(tmp_path: Path) -> None:
    with open_view(tmp_path / "view.db") as database:
        writer, reader = ViewWriter(database), ViewReader(database)
        told = [f"time 'the {number}th': write 2026-11-{number}" for number in range(10, 30)]
        writer.apply(
            ViewBatch(rejected=[Rejected("invalid", one, "/time", 1, one) for one in told]), 1
        )
        (group,) = reader.rejected()
        assert (group.times, group.reason, group.example) == (20, told[-1], told[-1])


@pytest.mark.parametrize(
    ("customer", "example"),
    [
        ("u-gone", '{"user_id": "u-gone", "name": "A b"}'),
        ("käthe", json.dumps({"user_id": "käthe", "name": "A b"})),
        ("a/b", '{"user_id": "a\\/b", "name": "A b"}'),
        ("4711", '{"userId":4711,"event":""}'),
        ("4711", '{"previousId" : 4711.0}'),
    ],
)
def test_an_example_goes_however_it_writes_the_id(
    tmp_path: Path, customer: str, example: str
) -> None:
    with open_view(tmp_path / "view.db") as database:
        writer, reader = ViewWriter(database), ViewReader(database)
        writer.apply(ViewBatch(rejected=[Rejected("invalid", "none", "", 1, example)]), 1)
        writer.apply(ViewBatch([], [stands(f"{customer}0", gone=True)]), 2)
        assert [one.example for one in reader.rejected()] == [example]
        writer.apply(ViewBatch([], [stands(customer, gone=True)]), 3)
        assert [one.example for one in reader.rejected()] == [""]


def test_a_view_can_be_begun_anew(tmp_path: Path) -> None:
    with open_view(tmp_path / "view.db") as database:
        writer, reader = ViewWriter(database), ViewReader(database)
        writer.apply(ViewBatch([published(0)], [stands("u-1", "vip")], positions={("t", 0): 1}), 1)
        writer.clear()
        assert writer.positions() == {}
        assert reader.sizes() == {}
        assert reader.last_position() == 0


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    Database(tmp_path / "shop.db").close()
    with pytest.raises(AdapterError, match="another program's database"):
        open_view(tmp_path / "shop.db")
