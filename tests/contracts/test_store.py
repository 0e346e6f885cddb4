"""The contract of `Store`: whole commits, one owner, exact wakes, an outbox until it is trimmed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from streamer.errors import Fenced
from streamer.ports import Checkpoint, FencingToken, OutboxEntry, PartitionMeta, Store
from streamer.types import Millis

from .adapters import STORES
from .examples import TRACEPARENT, outbox_entry, rejection, tier_change

Connect = Callable[[], Store]


@pytest.fixture(params=STORES)
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connect]:
    with STORES[request.param].opened(tmp_path, request.getfixturevalue) as opened:
        yield opened


def following(
    meta: PartitionMeta,
    customers: Mapping[str, tuple[bytes | None, Millis | None]],
    told: OutboxEntry | None = None,
    published: int = 0,
) -> Checkpoint:
    """Return the commit after `meta` on partition 0, with these profiles and wakes."""
    return Checkpoint(
        partition=0,
        epoch=meta.epoch,
        number=meta.number + 1,
        follows=meta.number,
        offset=meta.offset + 10,
        log_time=meta.log_time,
        profiles={customer: profile for customer, (profile, _) in customers.items()},
        wakes={customer: wake for customer, (_, wake) in customers.items()},
        entry=told,
        published=published,
    )


def after(checkpoint: Checkpoint) -> PartitionMeta:
    return PartitionMeta(
        checkpoint.epoch, checkpoint.number, checkpoint.offset, checkpoint.log_time
    )


def contents(store: Store, customers: str) -> tuple[object, ...]:
    return store.load(0, customers), store.due(0, 1 << 50, 100), store.outbox(0)


def test_a_new_partition_begins_at_nothing(connect: Connect) -> None:
    store = connect()
    assert contents(store, "ab") == ({}, [], [])
    assert store.claim(0) == PartitionMeta(epoch=1, number=0, offset=0, log_time=None)


def test_layouts_are_kept_for_every_later_owner(connect: Connect) -> None:
    store = connect()
    first = following(store.claim(0), {}, None)
    store.commit(replace(first, layouts={b"one": b"1"}))
    second = replace(following(after(first), {}, None), layouts={b"two": b"2"})
    store.commit(second)
    assert connect().claim(0).layouts == {b"one": b"1", b"two": b"2"}


def test_a_layout_may_be_written_anew(connect: Connect) -> None:
    store = connect()
    first = replace(following(store.claim(0), {}), layouts={b"one": b"1", b"two": b"2"})
    store.commit(first)
    store.commit(replace(following(after(first), {}), layouts={b"one": b"3"}))
    assert connect().claim(0).layouts == {b"one": b"3", b"two": b"2"}


def test_a_layout_that_nobody_uses_any_more_is_forgotten(connect: Connect) -> None:
    store = connect()
    first = replace(following(store.claim(0), {}), layouts={b"one": b"1", b"two": b"2"})
    store.commit(first)
    store.commit(replace(following(after(first), {}), layouts={b"one": None, b"never": None}))
    assert connect().claim(0).layouts == {b"two": b"2"}


def test_a_commit_is_there_for_everyone(connect: Connect) -> None:
    store = connect()
    checkpoint = following(
        store.claim(0), {"a": (b"\x00\xff", 7), "b": (b"", None)}, outbox_entry(1, controls=2)
    )
    store.commit(checkpoint)
    for reader in (store, connect()):
        assert contents(reader, "abc") == (
            {"a": b"\x00\xff", "b": b""},
            [(7, "a")],
            [outbox_entry(1, controls=2)],
        )


def test_the_next_owner_goes_on_where_the_last_commit_stands(connect: Connect) -> None:
    store = connect()
    claimed = store.claim(0)
    store.commit(Checkpoint(0, claimed.epoch, 1, 500, 1_700_000_000_000, {}, {}, 0))
    assert connect().claim(0) == PartitionMeta(2, 1, 500, 1_700_000_000_000)


def test_an_owner_that_lost_the_partition_changes_nothing(connect: Connect) -> None:
    fenced, owner = connect(), connect()
    first = following(fenced.claim(0), {"a": (b"1", 5)}, outbox_entry(1))
    fenced.commit(first)
    meta = owner.claim(0)
    with pytest.raises(Fenced, match="partition 0"):
        fenced.commit(following(after(first), {"a": (b"2", 6), "b": (b"", 7)}, outbox_entry(2), 1))
    assert contents(owner, "ab") == ({"a": b"1"}, [(5, "a")], [outbox_entry(1)])
    owner.commit(following(meta, {"a": (b"3", 8)}))
    assert contents(owner, "ab") == ({"a": b"3"}, [(8, "a")], [outbox_entry(1)])


def test_owners_of_one_epoch_are_told_apart_by_their_names(connect: Connect) -> None:
    store = connect()
    claimed = store.claim(0, "first")
    with pytest.raises(Fenced):
        store.commit(replace(following(claimed, {"a": (b"1", 5)}), owner="second"))
    store.commit(replace(following(claimed, {"a": (b"1", 5)}), owner="first"))
    assert connect().claim(0, "third").before == "first"


def test_a_commit_may_go_on_from_a_higher_number(connect: Connect) -> None:
    store = connect()
    jump = replace(following(store.claim(0), {"a": (b"1", 5)}), number=50)
    store.commit(jump)
    store.commit(following(after(jump), {"a": (b"2", 6)}))
    assert connect().claim(0).number == 51


def test_how_far_wakes_have_acted_is_kept(connect: Connect) -> None:
    store = connect()
    store.commit(replace(following(store.claim(0), {}), fired_until=(77, "ä")))
    assert connect().claim(0).fired_until == (77, "ä")


@pytest.mark.parametrize("number", [0, 1, 3, 100])
def test_a_commit_out_of_turn_changes_nothing(connect: Connect, number: int) -> None:
    store = connect()
    first = following(store.claim(0), {"a": (b"1", 5)})
    store.commit(first)
    with pytest.raises(Fenced):
        store.commit(Checkpoint(0, 1, number, 99, None, {"a": b"2"}, {"a": 6}, number - 1))
    assert contents(store, "a") == ({"a": b"1"}, [(5, "a")], [])
    assert store.claim(0) == PartitionMeta(2, 1, first.offset, None)


def test_nobody_commits_without_a_claim(connect: Connect) -> None:
    store = connect()
    with pytest.raises(Fenced):
        store.commit(Checkpoint(0, 0, 1, 1, None, {"a": b"1"}, {"a": 6}, 0))
    assert contents(store, "a") == ({}, [], [])


def test_a_customer_that_is_gone_is_nowhere(connect: Connect) -> None:
    store = connect()
    first = following(store.claim(0), {"a": (b"1", 5), "b": (b"1", 6)})
    store.commit(first)
    store.commit(following(after(first), {"a": (None, None), "never": (None, None)}))
    assert contents(store, "ab") == ({"b": b"1"}, [(6, "b")], [])


def test_a_wake_that_is_withdrawn_is_not_due(connect: Connect) -> None:
    store = connect()
    first = following(store.claim(0), {"a": (b"1", 5)})
    store.commit(first)
    store.commit(following(after(first), {"a": (b"2", None)}))
    assert store.due(0, 100, 10) == []


def test_wakes_come_by_time_then_customer(connect: Connect) -> None:
    store = connect()
    wakes = {"b": 5, "a": 5, "Z": 5, "ä": 5, "\uffff": 5, "\U0001f600": 5, "c": 4, "d": 6}
    store.commit(following(store.claim(0), {each: (b"", at) for each, at in wakes.items()}))
    in_order = [(5, each) for each in ("Z", "a", "b", "ä", "\uffff", "\U0001f600")]
    assert store.due(0, 5, 100) == [(4, "c"), *in_order]
    assert store.due(0, 6, 100) == [(4, "c"), *in_order, (6, "d")]
    assert store.due(0, 5, 3) == [(4, "c"), *in_order[:2]]
    assert store.due(0, 3, 100) == []
    assert store.due(0, 5, 0) == []


def test_an_owner_whose_tenure_does_not_stand_is_told_nothing_of_what_is_due(
    connect: Connect,
) -> None:
    store = connect()
    with pytest.raises(Fenced, match="partition 0"):
        store.due(0, 100, 10, FencingToken("a", 1, 0))
    claimed = store.claim(0, "a")
    assert store.due(0, 100, 10, FencingToken("a", claimed.epoch, 0)) == []
    store.commit(replace(following(claimed, {"u": (b"1", 5)}), owner="a"))
    assert store.due(0, 100, 10, FencingToken("a", claimed.epoch, 1)) == [(5, "u")]
    for tenure in (
        FencingToken("a", claimed.epoch, 0),
        FencingToken("a", claimed.epoch, 2),
        FencingToken("a", claimed.epoch + 1, 1),
        FencingToken("b", claimed.epoch, 1),
    ):
        with pytest.raises(Fenced, match="partition 0"):
            store.due(0, 100, 10, tenure)
    connect().claim(0, "b")
    with pytest.raises(Fenced, match="partition 0"):
        store.due(0, 100, 10, FencingToken("a", claimed.epoch, 1))


def test_what_was_published_is_known_to_every_later_owner(connect: Connect) -> None:
    store = connect()
    first = following(store.claim(0), {}, outbox_entry(1))
    store.commit(first)
    assert connect().claim(0).published == 0
    again = PartitionMeta(2, first.number, first.offset)
    store.commit(following(again, {}, None, published=1))
    assert connect().claim(0).published == 1


def test_that_profiles_are_made_again_is_known_until_they_are(connect: Connect) -> None:
    store = connect()
    first = replace(following(store.claim(0), {}), restoring_until=17)
    store.commit(first)
    assert connect().claim(0).restoring_until == 17
    store.commit(following(replace(after(first), epoch=2), {}))
    assert connect().claim(0).restoring_until is None


def test_asking_what_is_due_changes_nothing(connect: Connect) -> None:
    store = connect()
    store.commit(following(store.claim(0), dict.fromkeys("abcdef", (b"", 5))))
    assert store.due(0, 5, 2) == store.due(0, 5, 2) == [(5, "a"), (5, "b")]
    assert len(store.due(0, 5, 100)) == 6


def test_a_wake_that_moves_away_and_back_is_due_once(connect: Connect) -> None:
    store = connect()
    checkpoint = following(store.claim(0), {f"u-{each}": (b"", 100 + each) for each in range(50)})
    store.commit(checkpoint)
    for at in (90, 200, 90):
        checkpoint = following(after(checkpoint), {"u-7": (b"", at)})
        store.commit(checkpoint)
        assert store.due(0, 80, 10) == []
    assert store.due(0, 101, 10) == [(90, "u-7"), (100, "u-0"), (101, "u-1")]


def test_the_outbox_keeps_what_is_not_known_to_be_published(connect: Connect) -> None:
    store = connect()
    meta = store.claim(0)
    for published in (0, 0, 1, 1):
        checkpoint = following(meta, {}, outbox_entry(meta.number + 1), published)
        store.commit(checkpoint)
        meta = after(checkpoint)
    assert store.outbox(0) == [outbox_entry(2), outbox_entry(3), outbox_entry(4)]
    store.commit(following(meta, {}, None, published=4))
    assert store.outbox(0) == []


def test_the_outbox_gives_back_every_field(connect: Connect) -> None:
    store = connect()
    told = OutboxEntry(
        1,
        (tier_change(1),),
        (rejection(0), rejection(1, bytes(range(256)))),
        traceparents={0: TRACEPARENT},
    )
    store.commit(following(store.claim(0), {}, told))
    assert store.outbox(0) == [told]


def test_partitions_are_apart(connect: Connect) -> None:
    store = connect()
    store.commit(following(store.claim(0), {"a": (b"1", 5)}, outbox_entry(1)))
    assert store.claim(1) == PartitionMeta(1, 0, 0, None)
    assert (store.load(1, "a"), store.due(1, 100, 10), store.outbox(1)) == ({}, [], [])
    store.commit(Checkpoint(1, 1, 1, 3, None, {"a": b"2"}, {"a": 6}, 0))
    assert contents(store, "a") == ({"a": b"1"}, [(5, "a")], [outbox_entry(1)])


def everybody(store: Store, limit: int) -> list[str]:
    cursor, found = store.scan(0, "", limit)
    while cursor:
        cursor, more = store.scan(0, cursor, limit)
        found += more
    return found


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_a_scan_finds_everybody(connect: Connect, limit: int) -> None:
    store = connect()
    assert everybody(store, limit) == []
    customers = {f"u-{number}": (b"1", None) for number in range(50)} | {"ä\x00": (b"2", 7)}
    first = following(store.claim(0), customers)
    store.commit(first)
    assert set(everybody(store, limit)) == customers.keys()
    store.commit(following(after(first), {"u-7": (None, None)}))
    assert set(everybody(store, limit)) == customers.keys() - {"u-7"}


def test_thousands_of_customers_in_one_commit(connect: Connect) -> None:
    store = connect()
    customers = {f"u-{number}": (b"%d" % number, number % 1000) for number in range(5000)}
    store.commit(following(store.claim(0), customers))
    assert store.load(0, customers) == {each: profile for each, (profile, _) in customers.items()}
    assert store.due(0, 1000, 5000) == sorted((at, each) for each, (_, at) in customers.items())
