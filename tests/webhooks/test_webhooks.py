"""Webhooks on a real Kafka against a real HTTP server, as a process."""

import time

from streamer.codecs.changes import encode_change
from streamer.instants import iso
from streamer.types import MINUTE
from tests.waiting import wait_until
from tests.webhooks.changes import change
from tests.webhooks.hooks import SECOND_SECRET, SECRET, Hooks
from tests.webhooks.receiver import Act, Receiver, Request, well


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


def test_one_endpoint_s_trouble_delays_no_other(hooks: Hooks, receiver: Receiver) -> None:
    with Receiver(lambda *_: Act(stall=True)) as stalling, Receiver(lambda *_: Act(500)) as failing:
        hooks.configure(receiver, stalling=stalling, failing=failing)
        hooks.start()
        hooks.publish(*(change(f"u-{n}") for n in range(300)))
        wait_until(lambda: len(receiver.delivered()) == 300, "the sound one has them all", 60)
        wait_until(lambda: hooks.metric("breaker", endpoint="failing", state="open") == 1, "open")
        assert hooks.metric("changes_total", endpoint="stalling", outcome="delivered") == 0
        wait_until(lambda: hooks.metric("in_hand", endpoint="stalling") == 300, "all in hand")
        assert stalling.requests
        hooks.kill()


def test_410_switches_an_endpoint_off_and_sighup_on_with_nothing_lost(
    hooks: Hooks, receiver: Receiver
) -> None:
    receiver.script = lambda *_: Act(410)
    hooks.configure(receiver)
    hooks.start()
    hooks.publish(change("u-1"))
    wait_until(lambda: hooks.metric("off", endpoint="crm") == 1, "it is off")
    hooks.publish(change("u-2"), change("u-3"))
    wait_until(lambda: hooks.metric("lag", endpoint="crm") == 2, "the backlog is lag")
    assert len(receiver.requests) == 1
    (line,) = [line for line in hooks.lines() if line["event"] == "endpoint is off"]
    assert (line["level"], line["endpoint"]) == ("error", "crm")
    receiver.script = well
    hooks.hang_up()
    wait_until(lambda: len(receiver.delivered()) == 3, "all are delivered", 60)
    assert len(receiver.requests) == 4


def test_retry_after_gives_the_endpoint_a_rest(hooks: Hooks, receiver: Receiver) -> None:
    arrived: list[float] = []

    def script(_request: Request, before: int) -> Act:
        arrived.append(time.monotonic())
        first = len(arrived) == 1
        return Act(429, {"Retry-After": "3"}) if first and not before else Act()

    receiver.script = script
    hooks.configure(receiver, 'retries = ["1ms"]', "connections = 1")
    hooks.start()
    hooks.publish(change("u-1"), change("u-2"))
    wait_until(lambda: len(receiver.delivered()) == 2, "both are delivered")
    assert arrived[1] - arrived[0] >= 2.9


def test_after_the_last_try_the_next_change_is_sent(hooks: Hooks, receiver: Receiver) -> None:
    receiver.script = lambda request, _: Act(
        500 if request.document["data"]["sequence"] == 1 else 200
    )
    hooks.configure(receiver, 'retries = ["1ms", "1ms"]')
    hooks.start()
    hooks.publish(change("u-1", 1), change("u-1", 2))
    wait_until(lambda: receiver.delivered() == [("u-1", 2)], "the next one")
    assert len(receiver.requests) == 4
    wait_until(lambda: "change given up" in hooks.said(), "the log names it")
    assert hooks.metric("changes_total", endpoint="crm", outcome="given up") == 1


def test_what_is_no_longer_so_is_counted_and_not_sent_late(
    hooks: Hooks, receiver: Receiver
) -> None:
    """The first change fails, a later one undoes it, and two minutes go by."""
    receiver.script = lambda request, _: Act(500 if request.customer == "left" else 200)
    hooks.configure(receiver, 'retries = ["3s", "3s", "3s"]')
    hooks.start()
    hooks.publish(change("left", 1), change("stays", 1))
    wait_until(lambda: hooks.metric("waiting", endpoint="crm") == 1, "one waits")
    hooks.publish(change("left", 2, direction="exited"))
    wait_until(lambda: hooks.metric("waiting", endpoint="crm") == 2, "both wait")
    hooks.stop()
    hooks.let_time_pass(2 * MINUTE)
    receiver.script = well
    hooks.start()
    wait_until(lambda: ("left", 2) in receiver.delivered(), "what is so now", 60)
    assert ("left", 1) not in receiver.delivered()
    assert hooks.metric("changes_total", endpoint="crm", outcome="superseded") == 1
    (line,) = [each for each in hooks.deliveries() if each["outcome"] == "superseded"]
    assert line["change_id"] == change("left", 1).change_id
    wait_until(lambda: hooks.metric("waiting", endpoint="crm") == 0, "nothing waits")


def test_a_secret_is_rotated_without_a_request_that_nobody_can_verify(
    hooks: Hooks, receiver: Receiver
) -> None:
    secret = hooks.folder / "crm.secret"
    secret.write_text(SECRET, encoding="utf-8")
    hooks.configure(receiver, secrets=f'["file:{secret}", "env:CRM_SECRET"]')
    hooks.start()
    hooks.publish(change("u-1"))
    wait_until(lambda: len(receiver.requests) == 1, "the first")
    secret.write_text(SECOND_SECRET, encoding="utf-8")
    hooks.hang_up()
    hooks.publish(change("u-2"))
    wait_until(lambda: len(receiver.requests) == 2, "the second")
    receiver.requests[0].verify(SECRET)
    receiver.requests[1].verify(SECRET)
    receiver.requests[1].verify(SECOND_SECRET)


def test_a_file_that_cannot_be_used_changes_nothing(hooks: Hooks, receiver: Receiver) -> None:
    hooks.configure(receiver)
    hooks.start()
    right = hooks.config.read_text(encoding="utf-8")
    hooks.config.write_text("[endpoints.crm]\n", encoding="utf-8")
    hooks.hang_up("endpoints refused")
    status, why = hooks.page("/readyz")
    assert (status, "needs url" in why) == (503, True)
    hooks.publish(change("u-1"))
    wait_until(lambda: len(receiver.delivered()) == 1, "it goes on")
    hooks.config.write_text(right, encoding="utf-8")
    hooks.hang_up()
    assert hooks.page("/readyz")[0] == 200


def test_a_window_is_sent_again_and_no_offset_moves(hooks: Hooks, receiver: Receiver) -> None:
    hooks.configure(receiver)
    begin = iso(time.time_ns() // 1_000_000)
    hooks.publish(change("u-1", 1), change("u-1", 2), change("u-2", 1))
    done = hooks.run_once("--from", begin, "--to", "now")
    assert (done.returncode, done.stdout) == (0, "crm: 3 delivered, 0 failed\n"), done.stderr
    assert sorted(receiver.delivered()) == [("u-1", 1), ("u-1", 2), ("u-2", 1)]
    done = hooks.run_once("--from", "2026-01-05T09:00:00Z", "--to", begin)
    assert (done.returncode, done.stdout) == (0, "crm: 0 delivered, 0 failed\n"), done.stderr
    receiver.script = lambda *_: Act(410)
    done = hooks.run_once("--from", begin)
    assert done.returncode == 1
    assert "crm: 0 delivered, 2 failed" in done.stdout
    assert "1 later ones" in done.stderr
