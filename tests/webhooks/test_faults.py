"""Kafka dies while webhooks are at work: every change arrives, in order."""

from pathlib import Path

from tests.servers import KafkaServer
from tests.waiting import wait_until
from tests.webhooks.changes import change
from tests.webhooks.hooks import Hooks
from tests.webhooks.receiver import Act, Receiver


def test_a_kafka_that_dies_and_comes_back_costs_nothing(
    own_kafka: KafkaServer, tmp_path: Path, receiver: Receiver
) -> None:
    down = True
    receiver.script = lambda request, _: Act(500) if request.customer == "bad" and down else Act()
    with Hooks(own_kafka, tmp_path) as hooks:
        hooks.configure(receiver, f"retries = {['1s'] * 40}")
        hooks.start()
        hooks.publish(change("bad", 1), change("good", 1))
        hooks.wait_for(receiver, 1)
        own_kafka.kill()
        wait_until(lambda: hooks.page("/readyz")[0] == 503, "no readiness", 60)
        assert hooks.page("/healthz")[0] == 200
        own_kafka.start()
        hooks.publish(change("bad", 2), change("good", 2))
        wait_until(lambda: ("good", 2) in receiver.delivered(), "the good one", 120)
        down = False
        wait_until(lambda: ("bad", 2) in receiver.delivered(), "the bad one", 120)
    delivered = receiver.delivered()
    assert delivered.index(("good", 1)) < delivered.index(("good", 2))
    assert delivered.index(("bad", 1)) < delivered.index(("bad", 2))
