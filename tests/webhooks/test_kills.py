"""Two processes of one group are killed again and again: every change arrives, in order.

"Each at least once, in order per customer; what was not committed is sent again, and a customer's
repeated changes come in their order as well."
"""

import logging
import os
import random
from collections import defaultdict

import pytest

from streamer.types import SegmentChange
from tests.waiting import wait_until
from tests.webhooks.changes import change
from tests.webhooks.hooks import Hooks
from tests.webhooks.receiver import Act, Receiver, Request

pytestmark = pytest.mark.proof
_LOG = logging.getLogger(__name__)

CHANGES = 1_000
CUSTOMERS = 100
KILLS = min(10, int(os.environ.get("STREAMER_KILLS", "10")))


def some_fail(_: Request, before: int) -> Act:
    """Fail a tenth of the first tries."""
    return Act(500) if before == 0 and random.random() < 0.1 else Act()  # noqa: S311 (of the tests)


def check_order(delivered: list[tuple[str, int]]) -> None:
    """Check that no change was skipped over: the next one is new by one at most."""
    last: dict[str, int] = defaultdict(int)
    for customer, sequence in delivered:
        assert sequence <= last[customer] + 1, (customer, sequence, last[customer])
        last[customer] = max(last[customer], sequence)


def test_kills_under_a_thousand_changes(hooks: Hooks, receiver: Receiver) -> None:
    receiver.script = some_fail
    hooks.configure(receiver, 'retries = ["1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s"]')
    changes: list[SegmentChange] = [
        change(f"u-{n % CUSTOMERS}", 1 + n // CUSTOMERS) for n in range(CHANGES)
    ]
    wanted = {(each.customer, each.sequence) for each in changes}
    per_kill = -(-CHANGES // KILLS)
    one = hooks.start()
    with one.twin() as other:
        other.start()
        for kill in range(KILLS):
            before = len(receiver.requests)
            hooks.publish(*changes[kill * per_kill : (kill + 1) * per_kill])
            wait_until(lambda: len(receiver.requests) > before + per_kill // 2, "half", 120)  # noqa: B023
            victim = (one, other)[kill % 2]
            victim.kill()
            victim.start()
        wait_until(lambda: wanted <= set(receiver.delivered()), "every change", 120)
        delivered = receiver.delivered()
    _LOG.info("%d changes were delivered once more", len(delivered) - len(wanted))
    check_order(delivered)
