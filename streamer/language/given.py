"""The given events of a test: any JSON that an event could hold, with its time."""

import re
from decimal import Decimal
from typing import Any, Final

from streamer.codecs.limits import ID, MAX_ID
from streamer.language import kinds, names, scalars
from streamer.language.fields import Field, Group, Values
from streamer.language.kinds import Kind
from streamer.language.nodes import ListNode, LostNode, MappingNode, Node, ScalarNode
from streamer.language.reading import Lost, Reading, Wrong, expected
from streamer.types import Event, Millis

CUSTOMER: Final = "customer"
"""Whose an event of a test is, if it does not say so."""


def _json(node: Node, _: Reading) -> Any:  # noqa: ANN401 (any JSON value)
    """Return the JSON value that stands there."""
    match node:
        case LostNode():
            raise Lost
        case ListNode():
            return [_json(item, _) for item in node.items]
        case MappingNode():
            return {name: _json(entry.value, _) for name, entry in node.entries.items()}
    try:
        value = scalars.resolve(node)
    except ValueError as error:
        raise Wrong(node.at, str(error)) from None
    return float(value) if isinstance(value, Decimal) else value


def _traits(node: Node, reading: Reading) -> dict[str, Any]:
    if not isinstance(node, MappingNode):
        raise expected("traits and their values, such as {country: DE}", node)
    traits: dict[str, Any] = _json(node, reading)
    for name, entry in node.entries.items():
        values = entry.value.items if isinstance(entry.value, ListNode) else (entry.value,)
        reading.test_traits.extend((name, one) for one in values if isinstance(one, ScalarNode))
    return traits


def _context(node: Node, reading: Reading) -> dict[str, Any]:
    if not isinstance(node, MappingNode):
        raise expected("a mapping such as {campaign: {name: spring}}", node)
    context: dict[str, Any] = _json(node, reading)
    return context


def _products(node: Node, reading: Reading) -> list[Any]:
    what = "a list of products such as [{product_id: shoe-1, price: 59.9}]"
    if not isinstance(node, ListNode):
        raise expected(what, node)
    for item in node.items:
        if not isinstance(item, MappingNode):
            raise expected("a product such as {product_id: shoe-1, price: 59.9}", item)
    return [_json(item, reading) for item in node.items]


def _id(node: Node, _: Reading) -> str:
    value = kinds.text_of(node, "a text")
    if len(value) > MAX_ID or re.fullmatch(ID, value) is None:
        message = f"an id has at most {MAX_ID} characters, none of them a control character"
        raise Wrong(node.at, message)
    return value


def _held(node: Node, reading: Reading) -> tuple[Any]:
    """Return the JSON value as the one element of a tuple: null is a value, too."""
    return (_json(node, reading),)


_ID_SCHEMA: Final = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_ID,
    "pattern": f"^{ID}$",
    "not": {"pattern": r"^\s*$"},
}
CUSTOMER_ID: Final = Kind("customer_id", "text", _ID_SCHEMA, _id)
GIVEN: Final = Group(
    "a given event",
    (
        Field("at", kinds.RELATIVE, "When, after the start of the test.", required=True),
        Field("event", names.EVENT, "The event's name.", required=True),
        Field(
            "id",
            Kind("event_id", "text", _ID_SCHEMA, _id),
            "The event's id; made up if not stated. The same id again is a duplicate.",
        ),
        Field(
            "user_id",
            CUSTOMER_ID,
            "The user whose event it is; all events of a test are one customer's if not stated.",
        ),
        Field(
            "anonymous_id",
            CUSTOMER_ID,
            "The anonymous id that the event comes with; whose it is if there is no `user_id`.",
        ),
        Field(
            "traits",
            Kind("traits", "traits and their values", {"type": "object"}, _traits),
            "What the event says about the customer.",
        ),
        Field(
            "products",
            Kind(
                "products",
                "list of products",
                {"type": "array", "items": {"type": "object"}},
                _products,
            ),
            "The products that the event carries.",
        ),
        Field(
            "context",
            Kind("context", "what the SDK says beside the event", {"type": "object"}, _context),
            "What rules read as `context.…`: campaign, device, locale, page.",
        ),
    ),
    belongs={
        "properties": "write each property beside event: {at: 0s, event: cart_viewed, total: 20}"
    },
    others=Kind("json", "any value", {}, _held),
)


def event_of(values: Values, start: Millis, nth: int) -> Event:
    """Return the nth event of a test that begins at `start`."""
    properties = {
        name: values[name][0] for name in values.node.entries if GIVEN.named(name) is None
    }
    if "products" in values:
        properties["products"] = values["products"]
    name, at = values.get("id", f"given-{nth}"), start + values["at"]
    user, anonymous = values.get("user_id"), values.get("anonymous_id")
    customer = user or anonymous or CUSTOMER
    event = Event(name, values["event"], customer, at, properties, values.get("traits"))
    return event._replace(user_id=user, anonymous_id=anonymous, context=values.get("context"))
