"""The six rules of `rules.yaml` as a Python shop writes them by hand, for all peers alike.

A customer's state is a dictionary of lists and numbers, so that every peer can keep it in its own
way: as an object, as JSON, or as the fields of a hash. Times are ms since 1970. Events of one
customer must come in order of time; none of the peers puts a late event in its place.

`observe` takes one event. `advance` takes the customer to a later instant and returns what has
changed on the way, each change at the instant at which it became true: a peer calls it where it has
a timer, and before `observe`. A peer without timers leaves it out.
"""

from typing import Any, TypedDict

MINUTE = 60_000
DAY = 24 * 60 * MINUTE
QUIET = 30 * MINUTE
WEEK = 7 * DAY
MONTH = 30 * DAY
QUARTER = 90 * DAY
SAME_PRODUCT = 3
ACTIVE = 5
BIG_SPENDER = 150_00


class State(TypedDict):
    """What is kept of one customer."""

    recent: list[int]
    """The last five times of any event."""
    cart: int
    """When something was last added without an order since, 0 for never."""
    open: dict[str, int]
    """When each product was last added without an order of it since."""
    orders: list[tuple[int, int]]
    """Time and amount in cents of each order that may count."""
    views: list[tuple[int, str]]
    """Time and product of each view that may count."""
    hesitant_until: int
    segments: list[str]
    due: int
    """The next instant at which a segment may be left or entered, 0 for none."""


class Change(TypedDict):
    """One segment entered or exited."""

    customer_id: str
    segment: str
    direction: str
    at: int


def new_state() -> State:
    """Return the state of a customer who has done nothing."""
    return {
        "recent": [],
        "cart": 0,
        "open": {},
        "orders": [],
        "views": [],
        "hesitant_until": 0,
        "segments": [],
        "due": 0,
    }


def observe(state: State, customer: str, event: dict[str, Any]) -> list[Change]:
    """Take an event into the state; return what it changes."""
    now, name, properties = event["time"], event["name"], event["properties"]
    recent = state["recent"]
    recent.append(now)
    if len(recent) > ACTIVE:
        del recent[0]
    if name == "product_viewed":
        _view(state, now, properties["product_id"])
    elif name == "product_added":
        state["cart"] = now
        state["open"][properties["product_id"]] = now
    elif name == "order_completed":
        state["cart"] = 0
        state["open"].pop(properties["product_id"], None)
        amount = round(properties["price"] * 100) * properties["quantity"]
        state["orders"].append((now, amount))
    return _changes(state, customer, now)


def advance(state: State, customer: str, until: int) -> list[Change]:
    """Act on what is due at or before `until`; return what has changed."""
    changes = []
    while 0 < state["due"] <= until:
        changes += _changes(state, customer, state["due"])
    return changes


def _view(state: State, now: int, product: str) -> None:
    views = state["views"]
    views.append((now, product))
    old = 0
    while views[old][0] <= now - WEEK:
        old += 1
    del views[:old]
    same = [time for time, viewed in views if viewed == product]
    if len(same) >= SAME_PRODUCT:
        state["hesitant_until"] = max(state["hesitant_until"], same[-SAME_PRODUCT] + WEEK)


def _changes(state: State, customer: str, now: int) -> list[Change]:
    """Compare the segments that hold now with those that held before, and set what is due."""
    before = state["segments"]
    segments, state["due"] = _look(state, now)
    if segments == before:
        return []
    state["segments"] = segments
    left = [segment for segment in before if segment not in segments]
    entered = [segment for segment in segments if segment not in before]
    return [
        *(_change(customer, segment, "exited", now) for segment in left),
        *(_change(customer, segment, "entered", now) for segment in entered),
    ]


def _change(customer: str, segment: str, direction: str, now: int) -> Change:
    return {"customer_id": customer, "segment": segment, "direction": direction, "at": now}


def _look(state: State, now: int) -> tuple[list[str], int]:
    """Return the segments that hold now, and the next instant at which one may turn; 0 for none."""
    segments = []
    turns = []
    recent = state["recent"]
    last, cart = recent[-1], state["cart"]
    if cart and cart + WEEK > now:
        turns.append(cart + WEEK)
        if last + QUIET <= now:
            segments.append("cart_abandoner")
        else:
            turns.append(last + QUIET)
    if state["orders"]:
        _look_at_orders(state["orders"], now, segments, turns)
    if state["hesitant_until"] > now:
        segments.append("hesitant")
        turns.append(state["hesitant_until"])
    if state["open"]:
        _look_at_products(state["open"], now, segments, turns)
    if len(recent) == ACTIVE and recent[0] + WEEK > now:
        segments.append("engagement.active")
        turns.append(recent[0] + WEEK)
    elif last + MONTH > now:
        segments.append("engagement.semi_active")
        turns.append(last + MONTH)
    else:
        segments.append("engagement.passive")
    return segments, min(turns, default=0)


def _look_at_orders(
    orders: list[tuple[int, int]], now: int, segments: list[str], turns: list[int]
) -> None:
    """Say what the orders make of the customer, and when that turns; forget those too long ago."""
    while orders and orders[0][0] + QUARTER <= now:
        del orders[0]
    if len(orders) > 1:
        segments.append("repeat_buyer")
        turns.append(orders[-2][0] + QUARTER)
    total = 0
    for time, amount in reversed(orders):
        if time + MONTH <= now:
            break
        total += amount
        if total >= BIG_SPENDER:
            segments.append("big_spender")
            turns.append(time + MONTH)
            break


def _look_at_products(
    products: dict[str, int], now: int, segments: list[str], turns: list[int]
) -> None:
    """Say whether a product was left, and when that turns; forget those of a week ago."""
    for product in [product for product, time in products.items() if time + WEEK <= now]:
        del products[product]
    if not products:
        return
    long_ago = [time for time in products.values() if time + QUIET <= now]
    if long_ago:
        segments.append("left_product")
        turns.append(max(long_ago) + WEEK)
    else:
        turns.append(min(products.values()) + QUIET)
