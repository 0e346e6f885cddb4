"""Two processes are killed again and again: every change is handled, in order.

"At least once, in order per customer, each `change_id` once as far as the handler's effect is
idempotent or shares the kit's transaction."
"""

import logging
import os
from collections import defaultdict

import pytest

from tests.react.conftest import Make
from tests.waiting import wait_until
from tests.webhooks.changes import change

pytestmark = pytest.mark.proof
_LOG = logging.getLogger(__name__)

CHANGES = 1_000
CUSTOMERS = 100
KILLS = min(10, int(os.environ.get("STREAMER_KILLS", "10")))
FUNCTIONS = """
app = Reactions(NAME, first_pause="100ms")


@app.on_entered("cart_abandoner")
async def remind(change: Change, transaction: Transaction) -> None:
    told(f"{change.customer_id} {change.sequence}")
    transaction.rpush(f"mails-{NAME}", f"{change.customer_id} {change.sequence}")
    await asyncio.sleep(0.002)
"""


def check_order(lines: list[str]) -> None:
    """Check that no change was skipped over."""
    last: dict[str, int] = defaultdict(int)
    for line in lines:
        customer, number = line.split()
        assert int(number) <= last[customer] + 1, line
        last[customer] = max(last[customer], int(number))


def test_kills_under_a_thousand_changes(service: Make) -> None:
    one = service(FUNCTIONS).start()
    changes = [change(f"u-{n % CUSTOMERS}", 1 + n // CUSTOMERS) for n in range(CHANGES)]
    wanted = {f"{each.customer} {each.sequence}" for each in changes}
    per_kill = -(-CHANGES // KILLS)
    with one.twin() as other:
        other.start()
        for kill in range(KILLS):
            before = len(one.told())
            one.publish(*changes[kill * per_kill : (kill + 1) * per_kill])
            wait_until(lambda: len(one.told()) > before + per_kill // 2, "half of them", 120)  # noqa: B023
            victim = (one, other)[kill % 2]
            victim.kill()
            victim.start()
        wait_until(lambda: wanted <= set(one.told()), "every change", 120)
    one.stop()
    mails = one.mails()
    _LOG.info("%d changes were called once more", len(one.told()) - len(wanted))
    assert len(mails) == len(set(mails)) == CHANGES
    assert set(mails) == wanted
    check_order(one.told())
    check_order(mails)
