"""Whose the events of a log are where ids join: for measures that are taken without rules.

What joins, and when, is what the rules' header `identity` says of the same log in the same order,
with the retention that rules have by default. So what was done as a visitor counts for the user who
logged in, also what was done before.
"""

from collections.abc import Mapping
from typing import Final, TypeVar

from streamer.core.engine.identity import Join, Message
from streamer.core.engine.people import People
from streamer.core.rules.compile import compile_rules
from streamer.core.rules.spec import Header, Joining
from streamer.types import DAY, Event, Outcome

T = TypeVar("T")

_NO_LATENESS: Final = 400 * DAY
"""Measures know no late events; only the order of the log counts."""
_LIFE: Final = "\n"
"""Stands in no id."""


class Persons(People):
    """The persons of a log, read event by event; each is known by the id of the user.

    An anonymous id that is linked again after its links have ended begins another life, with a key
    of its own.
    """

    def __init__(self, anonymous: Joining) -> None:
        header = Header(anonymous=anonymous, max_lateness=_NO_LATENESS)
        super().__init__(compile_rules(header, ()), {})
        self._joined: dict[str, str] = {}
        self._lives: dict[str, int] = {}
        self._customer = ""

    def take(self, event: Event) -> str | None:
        """Return the key under which an event counts for now, None for one that came before."""
        if self.happen(event) == "duplicate":
            return None
        return self._key(self._customer)

    def person(self, key: str) -> str:
        """Return the id of the person whom a key came to stand for."""
        return self._joined.get(key, key).partition(_LIFE)[0]

    def gathered(self, found: Mapping[str, list[T]]) -> dict[str, list[T]]:
        """Return lists by key as lists by person."""
        gathered: dict[str, list[T]] = {}
        for key, entries in found.items():
            gathered.setdefault(self.person(key), []).extend(entries)
        return gathered

    def apply(self, event: Event) -> Outcome:
        """Note whose the event is."""
        self._customer = event.customer
        return super().apply(event)

    def send(self, message: Message) -> None:
        """Note who has become whom."""
        if isinstance(message, Join):
            one = message.anonymous
            self._joined[self._key(one)] = message.customer
            self._lives[one] = self._lives.get(one, 0) + 1
        super().send(message)

    def _key(self, customer: str) -> str:
        life = self._lives.get(customer, 0)
        return f"{customer}{_LIFE}{life}" if life else customer
