"""Reactions on a real Kafka and a real Redis, as a process."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from streamer.codecs.changes import encode_change
from tests.adapters.kafka.topics import append, producer_of
from tests.leftovers import in_redis
from tests.react.conftest import Make
from tests.react.service import PARTITIONS
from tests.waiting import wait_until
from tests.webhooks.changes import change

ENTERED = """
app = Reactions(NAME, first_pause="100ms", tries=3)


@app.on_entered("cart_abandoner")
async def remind(change: Change) -> None:
    told(f"{change.customer_id} {change.sequence}")
"""


def test_a_function_is_called_for_its_changes_only(service: Make) -> None:
    one = service(ENTERED)
    one.start()
    one.publish(
        change("u-1", 1),
        change("u-1", 2, direction="exited"),
        change("u-1", 3, "vip"),
        change("u-1", 4, holdout=True),
        change("u-1", 5),
    )
    one.wait_for("u-1 1", "u-1 5")
    one.stop()
    one.start()
    one.publish(change("u-1", 6))
    one.wait_for("u-1 1", "u-1 5", "u-1 6")
    assert one.metric("changes_total", outcome="failed") == 0
    wait_until(lambda: one.metric("dead") == 0, "nothing is dead")


MOVED = """
app = Reactions(NAME)


@app.on_moved("engagement", to="passive")
async def any_way(change: Change) -> None:
    told(f"{change.customer_id} passive from {change.origin}")


@app.on_moved("engagement", to="passive", origin="active")
async def from_active(change: Change) -> None:
    told(f"{change.customer_id} {change.origin} to {change.to}")


@app.on_exited("vip", holdout=True)
async def gone(change: Change) -> None:
    told(f"{change.customer_id} gone")
"""


def test_moves_and_exits_call_their_functions(service: Make) -> None:
    one = service(MOVED)
    one.start()
    passive, active = "engagement.passive", "engagement.active"
    one.publish(
        change("u-1", 1, active, ladder="engagement"),
        change("u-1", 2, active, "exited", ladder="engagement"),
        change("u-1", 3, passive, ladder="engagement", origin="active"),
        change("u-1", 4, "vip", "exited", holdout=True),
        change("u-1", 5, passive, ladder="engagement", origin="new"),
    )
    one.wait_for(
        "u-1 passive from active",
        "u-1 active to passive",
        "u-1 gone",
        "u-1 passive from new",
    )


FAILING = """
app = Reactions(NAME, first_pause="200ms", tries=3)


@app.on_entered("cart_abandoner")
async def remind(change: Change) -> None:
    if change.customer_id == "bad" and not Path("mended").exists():
        raise ConnectionError("the mail server is away")
    told(f"{change.customer_id} {change.sequence}")
"""


def test_a_function_that_raises_for_ever_is_isolated_and_its_changes_can_be_replayed(
    service: Make,
) -> None:
    one = service(FAILING)
    one.start()
    one.publish(change("bad", 1), change("bad", 2), change("good", 1), change("good", 2))
    one.wait_for("good 1", "good 2")
    wait_until(lambda: one.said().count("change given up") == 2, "both are dead", 60)
    wait_until(lambda: one.metric("dead") == 2, "the metric says so")
    assert one.metric("changes_total", outcome="failed") == 6
    shown = one.replay("--list")
    assert shown.count("remind") == 2
    assert "3 tries" in shown
    (one.folder / "mended").touch()
    assert one.replay() == "2 changes will be tried again\n"
    one.wait_for("good 1", "good 2", "bad 1", "bad 2")
    assert one.replay("--list") == ""


ERASED = """
app = Reactions(NAME, first_pause="100ms", tries=2)


@app.on_entered("cart_abandoner")
async def remind(change: Change) -> None:
    raise ConnectionError("the mail server is away")


@app.on_entered("vip", after="1h")
async def thank(change: Change) -> None: ...


@app.on_exited("cart_abandoner")
async def forget(change: Change) -> None:
    told(f"{change.customer_id} {change.cause.kind}")
"""


@pytest.mark.proof  # Redis writes its files several times
def test_of_who_was_erased_nothing_waits_and_nothing_is_dead(service: Make) -> None:
    one = service(ERASED)
    one.start()
    one.publish(change("erased", 1), change("erased", 2, "vip"), change("other", 1))
    wait_until(lambda: one.metric("dead") == 2, "both are dead", 60)
    assert in_redis(one.redis, b"erased")
    exits = [change("erased", 3, direction="exited"), change("erased", 4, "vip", "exited")]
    one.publish(*(each._replace(cause="erasure") for each in exits))
    one.wait_for("erased erasure")
    wait_until(lambda: in_redis(one.redis, b"erased") == [], "nothing of who was erased", 60)
    assert one.replay("--list").count("other") == 1


@pytest.mark.proof  # what is killed is in the group for ten seconds more
def test_what_waits_to_be_tried_again_survives_a_kill_in_order(service: Make) -> None:
    one = service(FAILING.replace('"200ms", tries=3', '"5s", tries=30'))
    one.start()
    one.publish(change("bad", 1), change("good", 1), change("bad", 2))
    one.wait_for("good 1")
    wait_until(lambda: one.metric("waiting") == 1, "the bad one waits", 60)
    one.kill()
    (one.folder / "mended").touch()
    one.start()
    one.wait_for("good 1", "bad 1", "bad 2")


DELAYED = """
app = Reactions(NAME)


@app.on_entered("cart_abandoner", after="4s")
async def remind(change: Change) -> None:
    told(f"{change.customer_id} {change.sequence}")
"""


@pytest.mark.proof  # what is killed is in the group for ten seconds more
def test_a_delay_is_kept_and_who_has_left_by_then_is_left_alone(service: Make) -> None:
    one = service(DELAYED)
    one.start()
    now = time.time_ns() // 1_000_000
    one.publish(
        change("stays", 1, at=now),
        change("leaves", 1, at=now),
        change("returns", 1, at=now),
        change("leaves", 2, direction="exited", at=now + 1),
        change("returns", 2, direction="exited", at=now + 1),
        change("returns", 3, at=now + 2),
    )
    wait_until(lambda: one.metric("changes_total", outcome="undone") == 2, "two have left")
    assert one.told() == []
    one.kill()
    one.start()
    one.wait_for("stays 1", "returns 3")
    assert time.time_ns() // 1_000_000 >= now + 4_000


def test_offsets_that_have_gone_past_a_change_lose_it_not(service: Make) -> None:
    """As Faust commits after a raise: the group's offset is past what nobody has handled."""
    one = service(ENTERED)
    one.start()
    one.publish(change("u-1", 1), change("u-2", 1))
    one.wait_for("u-1 1", "u-2 1")
    one.stop()
    one.publish(change("u-1", 2), change("u-2", 2))
    commit_the_end(one.kafka.address, one.name, one.changes)
    one.start()
    one.wait_for("u-1 1", "u-1 2", "u-2 1", "u-2 2")
    wait_until(lambda: one.metric("read_again_total") == 2, "both are counted")
    assert "read again" in one.said()


def test_a_transaction_that_was_given_up_is_not_read(service: Make) -> None:
    one = service(ENTERED)
    one.start()
    with producer_of(one.kafka.address, f"tx-{one.name}") as producer:
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(one.changes, encode_change(change("u-1", 1)), b"u-1", partition=0).get(30)
        producer.abort_transaction()
        producer.begin_transaction()
        producer.send(one.changes, encode_change(change("u-2", 1)), b"u-2", partition=0)
        producer.commit_transaction()
    one.wait_for("u-2 1")


def test_a_record_that_is_no_change_is_said_and_passed_over(service: Make) -> None:
    one = service(ENTERED)
    one.start()
    append(one.kafka.address, one.changes, [b"{}", b"\xff", b""], partition=0)
    one.publish(change("u-1", 1), change("u-2", 1))
    wait_until(lambda: len(one.told()) == 2, "the others", 60)
    assert one.said().count("not a change") == 3


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("functions", "expected MODULE:NAME"),
        ("nowhere:app", "nowhere cannot be imported"),
        ("functions:nothing", "no Reactions nothing"),
        ("functions:empty", "has no reactions"),
    ],
)
def test_a_service_that_is_none_is_named(where: str, said: str, tmp_path: Path) -> None:
    functions = "from streamer.react import Reactions\nempty = Reactions('x')\n"
    (tmp_path / "functions.py").write_text(functions, encoding="utf-8")
    done = subprocess.run(  # noqa: S603 (our own command)
        [sys.executable, "-m", "streamer", "react", "run", where],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert said in done.stderr


def commit_the_end(address: str, group: str, topic: str) -> None:
    """Let a group that has no members have committed all that a topic holds."""
    consumer = Consumer({"bootstrap.servers": address, "group.id": group})
    try:
        places = []
        for partition in range(PARTITIONS):
            _, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)
            places.append(TopicPartition(topic, partition, end))
        consumer.commit(offsets=places, asynchronous=False)
    finally:
        consumer.close()


@pytest.mark.proof  # it waits for a Kafka that is not there
def test_it_can_be_stopped_while_kafka_is_away(service: Make) -> None:
    one = service(ENTERED)
    one.options = ("--kafka", "127.0.0.1:1")
    one.launch()
    wait_until(one.is_up, "its pages", 60)
    assert one.page("/readyz")[0] == 503
    one.stop()
