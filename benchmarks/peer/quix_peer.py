"""The six rules on Quix Streams: a stateful step whose state is in RocksDB, with a changelog topic.

Quix Streams has no timers: a step runs when its customer has an event. What was due before it is
said then, with the instant at which it was due; after a customer's last event nothing is said.
"""

from typing import Any

from arguments import arguments
from quixstreams import Application, State
from shopper import Change, advance, new_state, observe

COMMIT_EVERY_S = 1


def decide(event: dict[str, Any], state: State) -> list[Change]:
    """Take an event, after what was due before it; return what has changed."""
    shopper: Any = state.get("shopper")
    if shopper is None:
        shopper = new_state()
    customer = event["user_id"]
    changes = advance(shopper, customer, event["time"])
    changes += observe(shopper, customer, event)
    state.set("shopper", shopper)
    return changes


def main() -> None:
    """Run until it is ended."""
    given = arguments("The six rules on Quix Streams.")
    app = Application(
        broker_address=given.kafka,
        consumer_group=given.group,
        auto_offset_reset="earliest",
        state_dir=given.folder,
        commit_interval=COMMIT_EVERY_S,
        processing_guarantee="exactly-once" if given.exactly_once else "at-least-once",
        loglevel="WARNING",
    )
    events = app.dataframe(app.topic(given.events_topic, value_deserializer="json"))
    changes = events.apply(decide, stateful=True, expand=True)
    changes.to_topic(app.topic(given.changes_topic, value_serializer="json"))
    app.run()


if __name__ == "__main__":
    main()
