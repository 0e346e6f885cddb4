"""Webhooks on a real Kafka against a real HTTP server, as a process."""

from streamer.codecs.changes import encode_change
from tests.waiting import wait_until
from tests.webhooks.changes import change
from tests.webhooks.hooks import SECRET, Hooks
from tests.webhooks.receiver import Act, Receiver, Request


def test_a_change_is_sent_once_signed_and_whole(hooks: Hooks, receiver: Receiver) -> None:
    hooks.configure(receiver)
    hooks.start()
    one = change("u-1")
    hooks.publish(one)
    wait_until(
        lambda: hooks.metric("changes_total", endpoint="crm", outcome="delivered") == 1, "it"
    )
    (request,) = receiver.requests
    request.verify(SECRET)
    assert request.headers["webhook-id"] == one.change_id
    assert request.document["type"] == "streamer.segment.entered"
    assert encode_change(one) in request.body
    (line,) = hooks.deliveries()
    assert (line["outcome"], line["status"], line["try"]) == ("delivered", 200, 1)


def test_what_fails_is_tried_again_and_other_customers_go_on(
    hooks: Hooks, receiver: Receiver
) -> None:
    def script(request: Request, before: int) -> Act:
        return Act(500) if request.customer == "bad" and before < 2 else Act()

    receiver.script = script
    hooks.configure(receiver, 'retries = ["1s", "1s", "1s"]')
    hooks.start()
    hooks.publish(change("bad", 1), change("bad", 2), change("good", 1), change("good", 2))
    wait_until(lambda: len(receiver.delivered()) == 4, "all four are delivered")
    delivered = receiver.delivered()
    assert [n for who, n in delivered if who == "bad"] == [1, 2]
    assert delivered[:2] == [("good", 1), ("good", 2)]
    assert len(receiver.requests) == 8


def test_what_waits_survives_a_restart_and_nothing_delivered_comes_again(
    hooks: Hooks, receiver: Receiver
) -> None:
    down = True

    def script(request: Request, _: int) -> Act:
        return Act(503) if request.customer == "bad" and down else Act()

    receiver.script = script
    hooks.configure(receiver, 'retries = ["5s", "5s", "5s", "5s", "5s"]')
    hooks.start()
    hooks.publish(change("bad", 1), change("good", 1), change("bad", 2), change("good", 2))
    wait_until(lambda: len(receiver.delivered()) == 2, "the good one is served")
    wait_until(lambda: hooks.metric("waiting", endpoint="crm") == 2, "two wait")
    hooks.stop()
    hooks.start()
    down = False
    wait_until(lambda: len(receiver.delivered()) == 4, "the bad one is served", 60)
    assert receiver.delivered() == [("good", 1), ("good", 2), ("bad", 1), ("bad", 2)]
    wait_until(lambda: hooks.metric("waiting", endpoint="crm") == 0, "nothing waits")
    hooks.stop()
    hooks.start()
    hooks.publish(change("good", 3))
    wait_until(lambda: ("good", 3) in receiver.delivered(), "it goes on")
    assert len(receiver.delivered()) == len(set(receiver.delivered()))
