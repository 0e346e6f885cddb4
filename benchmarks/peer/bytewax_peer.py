"""The six rules on Bytewax: its Kafka source and sink, one stateful operator, recovery on disk.

Bytewax has one timer for each key, and it goes by the wall clock. What is due is therefore acted on
at the customer's next event, with the instant at which it was due, or as long after the customer's
last event as it should be, by the wall clock. Delivery is at least once: the sink writes again what
came after the last snapshot. Without recovery all state is in memory, and a crash loses it.
"""

import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from arguments import arguments
from bytewax import operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulLogic
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main
from shopper import Change, State, advance, new_state, observe

SNAPSHOT_EVERY_S = 1


class Customer(StatefulLogic):  # type: ignore[misc] # Bytewax is not installed here
    """One customer, who is kept for ever."""

    def __init__(self, snapshot: bytes | None) -> None:
        self._customer = ""
        self._last, self._read_at = 0, datetime.now(UTC)
        self._state: State = new_state()
        if snapshot is not None:
            kept = pickle.loads(snapshot)  # noqa: S301 (ours)
            self._customer, self._last, self._read_at, self._state = kept

    def on_item(self, event: dict[str, Any]) -> tuple[list[Change], bool]:
        """Take an event, after what was due before it."""
        self._customer, self._last = event["user_id"], event["time"]
        self._read_at = datetime.now(UTC)
        changes = advance(self._state, self._customer, self._last)
        changes += observe(self._state, self._customer, event)
        return changes, StatefulLogic.RETAIN

    def on_notify(self) -> tuple[list[Change], bool]:
        """Act on what is due."""
        changes = advance(self._state, self._customer, self._state["due"])
        return changes, StatefulLogic.RETAIN

    def notify_at(self) -> datetime | None:
        """Return when something is due, counted from when the last event was read."""
        due = self._state["due"]
        return self._read_at + timedelta(milliseconds=due - self._last) if due else None

    def snapshot(self) -> bytes:
        """Return a copy of the state."""
        return pickle.dumps((self._customer, self._last, self._read_at, self._state))


def message(change: tuple[str, Change]) -> KafkaSinkMessage[bytes, bytes]:
    """Return what is written of a change."""
    return KafkaSinkMessage(change[0].encode(), orjson.dumps(change[1]))


def main() -> None:
    """Run until it is ended."""
    given = arguments("The six rules on Bytewax.")
    flow = Dataflow("peer")
    records = op.input("events", flow, KafkaSource([given.kafka], [given.events_topic]))
    events = op.map("parse", records, lambda record: orjson.loads(record.value))
    by_customer = op.key_on("customer", events, lambda event: event["user_id"])
    changes = op.stateful("rules", by_customer, Customer)
    messages = op.map("write", changes, message)
    op.output("changes", messages, KafkaSink([given.kafka], given.changes_topic))
    recovery = None
    if not given.no_recovery:
        init_db_dir(given.folder, 1)
        recovery = RecoveryConfig(Path(given.folder))
    every = timedelta(seconds=SNAPSHOT_EVERY_S)
    cli_main(flow, epoch_interval=every, recovery_config=recovery)


if __name__ == "__main__":
    main()
