"""The service that reminds: `streamer react run reminders:app`.

The reminder goes into a list in Redis, in one transaction with the mark that the change is
handled: each customer gets it once, whatever dies. With a mail service in its place, let that drop
what it has had, by `change.change_id`.
"""

import json
import os

from streamer.react import Change, Reactions, Transaction

SEGMENT = os.environ.get("SHOP_SEGMENT", "left_cart")
SENT = "{react:shop-reminders}:sent"

app = Reactions("shop-reminders", begin="earliest")


@app.on_entered(SEGMENT)
async def remind(change: Change, transaction: Transaction) -> None:
    """Remind a customer of the cart."""
    reminder = {"customer": change.customer_id, "because": change.because}
    transaction.rpush(SENT, json.dumps(reminder))
