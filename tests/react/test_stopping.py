"""A process stops within a function, in order or by SIGSTOP; or Faust brings nothing more."""

import signal

import pytest

from streamer.react.watchdog import STANDS_STILL
from tests.react.conftest import Make
from tests.waiting import wait_until
from tests.webhooks.changes import change

pytestmark = pytest.mark.proof

WAITING = """
app = Reactions(NAME)


@app.on_entered("cart_abandoner")
async def remind(change: Change, transaction: Transaction) -> None:
    told(f"{change.customer_id} {change.sequence}")
    transaction.rpush(f"mails-{NAME}", f"{change.customer_id} {change.sequence}")
    while not Path("go on").exists():
        await asyncio.sleep(0.01)
"""


def test_a_function_that_runs_is_waited_for(service: Make) -> None:
    one = service(WAITING).start()
    one.publish(change("u-1", 1))
    one.wait_for("u-1 1")
    one.signal(signal.SIGTERM)
    (one.folder / "go on").touch()
    assert one.process is not None
    assert one.process.wait(60) == 0, one.text
    one.start()
    one.publish(change("u-1", 2))
    one.wait_for("u-1 1", "u-1 2")
    assert one.mails() == ["u-1 1", "u-1 2"]


def test_who_was_counted_as_dead_ends_and_its_effect_is_not_done_twice(service: Make) -> None:
    one = service(WAITING)
    one.options = ("--still-timeout", "1h")  # the watchdog's clock goes on while it is stopped
    one.start()
    one.publish(change("u-1", 1))
    one.wait_for("u-1 1")
    one.signal(signal.SIGSTOP)
    (one.folder / "go on").touch()
    with one.twin() as other:
        other.start()
        one.wait_for("u-1 1", "u-1 1")
        wait_until(lambda: one.mails() == ["u-1 1"], "the effect", 60)
        one.signal(signal.SIGCONT)
        assert one.process is not None
        assert one.process.wait(60) == STANDS_STILL, one.text
        assert "another process has partition" in one.text
        one.publish(change("u-1", 2))
        one.wait_for("u-1 1", "u-1 1", "u-1 2")
        wait_until(lambda: one.mails() == ["u-1 1", "u-1 2"], "the next effect", 60)


SILENCED = """
from faust.agents import current_agent

app = Reactions(NAME)


@app.on_entered("cart_abandoner")
async def remind(change: Change) -> None:
    told(f"{change.customer_id} {change.sequence}")
    if Path("silence").exists() and (agent := current_agent()) is not None:
        agent.app.flow_control.suspend()
"""


def test_a_faust_that_falls_silent_costs_a_restart_and_nothing_else(service: Make) -> None:
    one = service(SILENCED).start()
    (one.folder / "silence").touch()
    told = []
    for sequence in (1, 2, 3, 4):  # Faust brings the first; the others are looked up
        one.publish(change("u-1", sequence))
        told.append(f"u-1 {sequence}")
        one.wait_for(*told)
    assert one.process is not None
    assert one.process.wait(60) == STANDS_STILL, one.text
    assert "Faust brings nothing although the topic has something" in one.text
    (one.folder / "silence").unlink()
    one.start()
    one.publish(change("u-1", 5))
    one.wait_for(*told, "u-1 5")


ENDING = """
import sys

app = Reactions(NAME)


@app.on_entered("cart_abandoner")
async def remind(change: Change) -> None:
    told(f"{change.customer_id} {change.sequence}")
    asyncio.get_running_loop().call_soon(sys.exit, 3)
"""


def test_where_faust_ends_by_itself_the_process_ends(service: Make) -> None:
    """Faust's thread would go on, and keep the partitions for a process that does nothing."""
    one = service(ENDING).start()
    one.publish(change("u-1", 1))
    one.wait_for("u-1 1")
    assert one.process is not None
    assert one.process.wait(60) == STANDS_STILL, one.text
    assert "Faust has ended by itself, with 3" in one.text
