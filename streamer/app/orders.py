"""What a person may ask for: to be erased, to be left out, to be taken again, to be unlinked.

Each order goes into the log of events, signed, where the workers of the group carry it out; and its
reason into the audit topic, where the id stands as a keyed hash and nothing else names the person.
"""

import orjson

from streamer.adapters.kafka import Connection, Topics
from streamer.adapters.kafka.orders import give_order
from streamer.codecs.controls import ControlKey, Order, mark_id, order_record
from streamer.instants import iso
from streamer.types import Millis


def order(
    connection: Connection,
    topics: Topics,
    key: ControlKey,
    what: Order,
    reason: str,
    now: Millis,
) -> tuple[int, int]:
    """Give an order; return the partition and the offset at which it stands in the log."""
    hashed = mark_id(what.customer, key).hex()
    audit = {
        "action": type(what).__name__.lower(),
        "customer_hash": hashed,
        "at": iso(now),
        "reason": reason,
        "group": key.group,
    }
    return give_order(connection, topics, order_record(what, key), hashed, orjson.dumps(audit))
