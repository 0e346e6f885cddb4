"""Every change is done once and in order, whatever the transport brings, skips or repeats."""

import asyncio
from collections.abc import Callable
from contextlib import closing

import pytest

from streamer.adapters.kafka import Connection
from streamer.adapters.kafka.lookup import Lookup
from streamer.react import reading
from tests.adapters.kafka.topics import append, create_topic, producer_of
from tests.react.kit import Kit, Process, total
from tests.servers import KafkaServer, RedisServer
from tests.webhooks.changes import change

Make = Callable[[], Process]


@pytest.fixture
def kit(kafka: KafkaServer, redis_server: RedisServer, own_name: str) -> Kit:
    return Kit(kafka, redis_server, own_name)


def test_what_the_transport_skips_is_read_first(kit: Kit) -> None:
    """Also where the customer has no later change that would show it."""
    kit.publish(*[change(f"u-{n}", 1) for n in range(4)])

    async def work(make: Make) -> None:
        process = await make().take(kit, 0, 3)
        assert process.journal.said == ["read again"]
        assert total(process, "read_again") == 2

    kit.run(work)
    assert kit.sent() == ["u-0 1", "u-1 1", "u-2 1", "u-3 1"]


def test_the_first_change_brings_those_before_it(kit: Kit) -> None:
    kit.publish(*[change("u-1", n) for n in (1, 2, 3, 4)])

    async def work(make: Make) -> None:
        assert (await make().take(kit, 3)).called == [1, 2, 3, 4]

    kit.run(work)


def test_a_change_that_comes_again_calls_nobody(kit: Kit) -> None:
    kit.publish(change("u-1", 1), change("u-1", 2))

    async def work(make: Make) -> None:
        process = await make().take(kit, 0, 1, 0, 1)
        process.reading.assign([0])
        await process.take(kit, 0, 1)
        assert process.called == [1, 2]
        assert process.journal.said == []

    kit.run(work)


def test_a_change_that_was_passed_over_is_known_by_its_number(kit: Kit) -> None:
    """A position that somebody has moved too far does not show it."""
    kit.publish(*[change("u-1", n) for n in (1, 2, 3, 4)])

    async def work(make: Make) -> None:
        process = await make().take(kit, 0)
        await process.memory.move(0, 3)
        process.reading.assign([0])
        await process.take(kit, 3)
        assert process.called == [1, 2, 3, 4]
        assert process.journal.said == ["changes were skipped"]
        assert total(process, "skipped") == 2

    kit.run(work)


def test_a_profile_that_begins_anew_is_numbered_from_one(kit: Kit) -> None:
    anew = change("u-1", 1)._replace(born=change("u-1").born + 1)
    kit.publish(change("u-1", 1), change("u-1", 2), anew)

    async def work(make: Make) -> None:
        process = await make().take(kit, 0, 1, 2)
        assert process.called == [1, 2, 1]
        assert process.journal.said == []

    kit.run(work)


def test_a_partition_of_which_nothing_comes_is_looked_at(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_QUIET_S", 0.0)

    async def work(make: Make) -> None:
        process = make()
        await process.open()
        for sequence in (1, 2, 3):
            assert not process.reading.is_stuck
            kit.publish(change("u-1", sequence))
            await process.reading.look(0)
            await process.reading.look(0)
        assert process.called == [1, 2, 3]
        assert process.reading.is_stuck
        kit.publish(change("u-1", 4))
        await process.take(kit, 3)
        assert process.called == [1, 2, 3, 4]
        assert not process.reading.is_stuck

    kit.run(work)


def test_who_has_lost_a_partition_writes_nothing_more(kit: Kit) -> None:
    """It was stopped within a function, counted as dead, and goes on after its successor."""
    kit.publish(change("u-1", 1), change("u-1", 2))

    async def work(make: Make) -> None:
        stopped, successor = make(), make()
        within, go_on = asyncio.Event(), asyncio.Event()

        async def inside() -> None:
            within.set()
            await go_on.wait()

        stopped.inside = inside
        late = asyncio.create_task(stopped.take(kit, 0))
        await within.wait()
        await successor.take(kit, 0, 1)
        go_on.set()
        await late
        assert stopped.trouble.fatal is not None
        assert "another process has partition 0" in stopped.trouble.fatal
        assert successor.trouble.fatal is None

    kit.run(work)
    assert kit.sent() == ["u-1 1", "u-1 2"]


def test_a_redis_that_has_lost_who_has_a_partition_is_told_again(kit: Kit) -> None:
    """It was killed, and had not written its last second to its disk."""
    kit.publish(change("u-1", 1), change("u-1", 2), change("u-2", 1, "vip"))

    async def work(make: Make) -> None:
        process = make()
        for offset in range(3):
            await process.take(kit, offset)
            kit.forget(f"{{react:{kit.name}}}:owner:0")
        assert process.called == [1, 2]
        assert process.trouble.fatal is None

    kit.run(work)
    assert kit.sent() == ["u-1 1", "u-1 2"]


def test_a_redis_that_dies_within_a_function_is_told_once_it_is_back(
    kafka: KafkaServer, own_redis: RedisServer, own_name: str
) -> None:
    """The library says of a lost connection what it says of a lost partition."""
    kit = Kit(kafka, own_redis, own_name)
    kit.publish(change("u-1", 1), change("u-1", 2))

    async def work(make: Make) -> None:
        process = make()

        async def inside() -> None:
            process.inside = None
            own_redis.kill()
            own_redis.start()

        process.inside = inside
        await process.take(kit, 0, 1)
        assert process.trouble.fatal is None
        assert process.called == [1, 1, 2]

    kit.run(work)
    assert kit.sent() == ["u-1 1", "u-1 2"]


def test_a_cancellation_that_a_function_runs_into_is_a_failure_like_others(kit: Kit) -> None:
    """It would end the agent in silence, and then what looks after the agent."""
    kit.publish(change("u-1", 1), change("u-2", 1))

    async def work(make: Make) -> None:
        process = make()

        async def inside() -> None:
            process.inside = None
            raise asyncio.CancelledError

        process.inside = inside
        await process.take(kit, 0, 1)
        assert process.called == [1, 1]
        assert process.journal.said == ["reaction failed"]
        assert await process.memory.counts([0]) == (1, 0), "it waits to be tried again"

    kit.run(work)


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
def test_a_function_that_would_end_the_process_is_a_failure_like_others(
    kit: Kit, error: BaseException
) -> None:
    """The same change would end the process that is started again, and the one after that."""
    kit.publish(change("u-1", 1), change("u-2", 1))

    async def work(make: Make) -> None:
        process = make()

        async def inside() -> None:
            process.inside = None
            raise error

        process.inside = inside
        await process.take(kit, 0, 1)
        assert process.called == [1, 1]
        assert process.journal.said == ["reaction failed"]

    kit.run(work)


@pytest.mark.parametrize("customer", ["u-1", "q'\\q"])
def test_what_a_function_says_of_its_failure_names_no_customer_in_the_journal(
    kit: Kit, customer: str
) -> None:
    kit.publish(change(customer, 1))

    async def work(make: Make) -> None:
        process = make()

        async def inside() -> None:
            raise KeyError(customer)

        process.inside = inside
        await process.take(kit, 0)
        ((_, facts),) = process.journal.told
        assert facts["error"] in ("KeyError('…')", 'KeyError("…")')
        assert str(facts["at"]).startswith("inside:")

    kit.run(work)


def test_who_lets_go_of_a_partition_ends_what_is_in_hand_first(kit: Kit) -> None:
    kit.publish(change("u-1", 1), change("u-1", 2))

    async def work(make: Make) -> None:
        process = make()
        within, go_on = asyncio.Event(), asyncio.Event()

        async def inside() -> None:
            within.set()
            await go_on.wait()

        process.inside = inside
        taking = asyncio.create_task(process.take(kit, 1))
        await within.wait()
        leaving = asyncio.create_task(process.reading.revoke([0]))
        await asyncio.sleep(0)
        assert not leaving.done()
        go_on.set()
        await leaving
        await taking
        assert process.called == [1]
        assert await process.memory.position(0) == 1

    kit.run(work)
    assert kit.sent() == ["u-1 1"]


def test_a_page_holds_what_is_committed_and_ends_where_that_ends(
    kafka: KafkaServer, own_name: str
) -> None:
    create_topic(kafka.address, own_name)
    append(kafka.address, own_name, [b"a", b"b"])
    with (
        producer_of(kafka.address, own_name) as producer,
        closing(Lookup(Connection(kafka.address), own_name, own_name)) as lookup,
    ):
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(own_name, b"given up", partition=0).get(30)
        producer.abort_transaction()
        producer.begin_transaction()
        producer.send(own_name, b"open", partition=0).get(30)
        page = lookup.page(0, 1)
        assert ([each.value for each in page.records], page.start) == ([b"b"], 1)
        assert lookup.page(0, 2) == (2, 4, ())
        assert lookup.page(0, 4) == (4, 4, ())
        producer.commit_transaction()
        page = lookup.page(0, 2)
        assert [each.value for each in page.records] == [b"open"]
        assert 5 <= page.end <= 6, "with the offset of the commit or without"
