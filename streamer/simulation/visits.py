"""What happens in one visit: looking, wishing, filling a cart, buying it or leaving it."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, Final, NamedTuple

import orjson

from streamer.simulation.catalogue import CURRENCY, Product
from streamer.simulation.funnel import ABANDONED, Funnel
from streamer.simulation.people import Person
from streamer.types import DAY, HOUR, MINUTE, SECOND, Millis

_HOME: Final = 0.2  # come in by the front page, the others straight to a product
_LIKED: Final = 0.8  # look for what they like
_AGAIN: Final = 0.25  # look once more at what they have seen
_WANDER: Final = 0.2  # go on to another category
_REFILL: Final = 0.5  # of those who buy at once and have something that is used up by now
_REMOVED: Final = 0.15  # of abandoned carts lose a product first
_CHECKOUT: Final = 0.35  # of abandoned carts are left in the checkout
_LATER: Final = 0.25  # of bought carts are bought in a later visit
_REFUNDED: Final = 0.04  # of orders
_QUANTITIES: Final = (1, 1, 1, 1, 2, 3)
_FREE_DELIVERY: Final = 50
_DELIVERY: Final = 4.95

Item = tuple[Product, int]


class Happening(NamedTuple):
    """An event before it has an id: when, its name, what it carries."""

    time: Millis
    name: str
    properties: dict[str, Any] | orjson.Fragment
    traits: dict[str, Any] | None = None


class Visits:
    """Makes up visits; carts and orders are numbered."""

    def __init__(self, random: Random, shop: Sequence[Sequence[Product]], chances: Funnel) -> None:
        self._random = random
        self._shop = shop
        self._chances = chances
        self._carts = 0
        self._orders = 0

    def visit(self, person: Person, at: Millis) -> list[Happening]:
        """Return the events of a visit from `at` on, and what follows from it later.

        The person is busy until the visit's own last event.
        """
        chance = self._random.random
        happened: list[Happening] = []
        if chance() < _HOME:
            happened.append(Happening(at, "page_viewed", {"path": "/", "title": "Home"}))
            at += self._while()
        at_once = chance() < self._chances.direct
        cart: list[Item] = []
        cart_id = ""
        category = self._category(person)
        while True:
            product = self._look(person, category)
            happened.append(Happening(at, "product_viewed", product.written))
            at += self._while()
            if person.member and not person.known:
                person.known = True
                happened.append(Happening(at, "identified", {}, person.traits(self._random)))
                at += self._while()
            if not at_once and chance() < self._chances.cart:
                cart_id = cart_id or self._cart_id()
                item = product, self._random.choice(_QUANTITIES)
                cart.append(item)
                happened.append(Happening(at, "product_added", _carried(item, cart_id)))
                at += self._while()
            if chance() < self._chances.wish:
                added = Happening(at, "product_added_to_wishlist", product.written)
                happened.append(added)
                at += self._while()
            if chance() >= self._chances.go_on:
                break
            if chance() < _WANDER:
                category = self._category(person)
        person.busy = at
        if at_once:
            happened.extend(self._order(person, at, [self._wanted(person, product)], ""))
        elif cart:
            happened.extend(self._fate(person, at, cart, cart_id))
        return happened

    def _look(self, person: Person, category: Sequence[Product]) -> Product:
        chance = self._random.random
        if person.seen and chance() < _AGAIN:
            product = self._random.choice(person.seen)
        else:
            product = category[int(len(category) * chance() ** 2)]
        person.saw(product)
        return product

    def _wanted(self, person: Person, product: Product) -> Item:
        """Return what is bought at once: what is used up by now, or what was just viewed."""
        if person.used_up and self._random.random() < _REFILL:
            product = self._random.choice(person.used_up)
        return product, self._random.choice(_QUANTITIES)

    def _fate(
        self, person: Person, at: Millis, cart: list[Item], cart_id: str
    ) -> Iterator[Happening]:
        """Yield what becomes of a cart."""
        chance = self._random.random
        if chance() >= ABANDONED:
            if chance() < _LATER:
                at += HOUR + int(self._random.expovariate(1 / (12 * HOUR)))
                yield Happening(at, "cart_viewed", {"cart_id": cart_id})
                at += self._while()
            yield from self._order(person, at, cart, cart_id)
        elif chance() < _REMOVED:
            yield Happening(at, "product_removed", _carried(cart[-1], cart_id))
        elif chance() < _CHECKOUT:
            yield Happening(at, "checkout_started", _sum(cart, {"cart_id": cart_id}))

    def _order(
        self, person: Person, at: Millis, items: list[Item], cart_id: str
    ) -> Iterator[Happening]:
        """Yield the checkout, the order, and for a few its refund days later."""
        self._orders += 1
        known = {"order_id": f"o-{self._orders}"} | ({"cart_id": cart_id} if cart_id else {})
        order = _sum(items, known)
        yield Happening(at, "checkout_started", order)
        at += MINUTE + self._while()
        yield Happening(at, "order_completed", order)
        person.busy = max(person.busy, at)
        person.used_up.extend(
            product for product, _ in items if product.used_up and product not in person.used_up
        )
        if self._random.random() < _REFUNDED:
            at += 2 * DAY + int(self._random.random() * 12 * DAY)
            yield Happening(at, "order_refunded", order)

    def _category(self, person: Person) -> Sequence[Product]:
        if self._random.random() < _LIKED:
            return self._shop[self._random.choice(person.likes)]
        return self._random.choice(self._shop)

    def _cart_id(self) -> str:
        self._carts += 1
        return f"c-{self._carts}"

    def _while(self) -> Millis:
        """Return how long a person takes from one click to the next."""
        return 4 * SECOND + int(self._random.expovariate(1 / (35 * SECOND)))


def _carried(item: Item, cart_id: str) -> dict[str, Any]:
    product, quantity = item
    return {**product.properties, "quantity": quantity, "cart_id": cart_id}


def _sum(items: list[Item], known: dict[str, str]) -> dict[str, Any]:
    """Return the properties of a checkout or an order of these items."""
    revenue = round(sum(product.price * quantity for product, quantity in items), 2)
    shipping = 0.0 if revenue >= _FREE_DELIVERY else _DELIVERY
    return {
        **known,
        "revenue": revenue,
        "shipping": shipping,
        "value": round(revenue + shipping, 2),
        "currency": CURRENCY,
        "products": [{**product.properties, "quantity": quantity} for product, quantity in items],
    }
