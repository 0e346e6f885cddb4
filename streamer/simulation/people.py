"""Who comes to the simulated shop: members and guests, a few often and many rarely."""

from random import Random
from typing import Any, Final

from streamer.simulation.catalogue import Product
from streamer.types import Millis

MEMBERS: Final = 0.7
"""The share of customers with an account; the others are known by their browser only."""
_REGULARS: Final = 2.0
"""How unevenly visits are spread: at 2, one customer in a hundred makes every tenth visit."""
_SEEN: Final = 6
_CONSENT: Final = 0.4
_CARD: Final = 0.25
_COUNTRIES: Final = ("DE", "DE", "DE", "AT", "CH", "NL", "FR")


class Person:
    """One customer: ids, likes, and what is remembered of earlier visits.

    `busy` is until when the present visit lasts; `seen` are the products looked at last,
    `used_up` what was bought and will be bought again; `known` says that the account's traits
    have been told.
    """

    __slots__ = ("busy", "ids", "known", "likes", "member", "seen", "used_up")

    def __init__(self, number: int, random: Random, categories: int) -> None:
        self.member = random.random() < MEMBERS
        self.ids = {"anonymous_id": f"a-{number}"}
        if self.member:
            self.ids = {"user_id": f"u-{number}", **self.ids}
        self.likes = random.randrange(categories), random.randrange(categories)
        self.known = False
        self.busy: Millis = 0
        self.seen: list[Product] = []
        self.used_up: list[Product] = []

    def saw(self, product: Product) -> None:
        """Remember a product that was looked at."""
        self.seen.append(product)
        if len(self.seen) > _SEEN:
            del self.seen[0]

    def traits(self, random: Random) -> dict[str, Any]:
        """Return the traits of the customer's account."""
        year, month, day = random.randint(1945, 2007), random.randint(1, 12), random.randint(1, 28)
        return {
            "country": random.choice(_COUNTRIES),
            "birth_date": f"{year}-{month:02d}-{day:02d}",
            "email": f"{self.ids['user_id']}@example.com",
            "email_consent": random.random() < _CONSENT,
            "loyalty_card": random.random() < _CARD,
        }


class Crowd:
    """All customers; each is made up when first seen, so a large crowd costs nothing to begin."""

    def __init__(self, size: int, random: Random, categories: int) -> None:
        self._size = size
        self._random = random
        self._categories = categories
        self._people: dict[int, Person] = {}

    def visitor(self, at: Millis) -> Person | None:
        """Return who comes at this time, or None if that customer is here already."""
        number = int(self._size * self._random.random() ** _REGULARS)
        person = self._people.get(number)
        if person is None:
            person = self._people[number] = Person(number + 1, self._random, self._categories)
        return person if person.busy < at else None
