"""What an answer is made from, and what every answer says.

Every answer says `as_of`: the event time that each partition has reached. An answer is of one
thread's reader; several threads may make answers beside each other, each with a reader of its own.
"""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from streamer.adapters.history import EventHistory
from streamer.adapters.profiles import Profiles
from streamer.adapters.view.reading import ViewReader
from streamer.app.hints import hint
from streamer.app.shop_file import ShopFile
from streamer.instants import iso
from streamer.serve.catalogue import Catalogue, CatalogueEntry
from streamer.serve.deliveries import Deliveries
from streamer.serve.follower import ViewStatus
from streamer.serve.problems import Problem
from streamer.serve.rulebook import Rulebook
from streamer.types import Millis

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores that answers are read from beside the view, None where one is not there.

    `profiles` has what is remembered of a customer, `history` the events, `deliveries` the
    processes that deliver changes; `shop` is the file of the embedded default.
    """

    profiles: Profiles | None = None
    history: EventHistory | None = None
    shop: ShopFile | None = None
    deliveries: Deliveries = field(default_factory=Deliveries)


@dataclass(frozen=True, slots=True)
class Context:
    """What one question is answered from.

    `status` is that of the view at the time of the question, `now` the wall clock; `catalogue` is
    that of the rulebook at that time.
    """

    reader: ViewReader
    rulebook: Rulebook
    catalogue: Catalogue
    status: ViewStatus
    stores: Stores
    now: Millis

    @property
    def event_time(self) -> Millis:
        """The event time that is reached, 0 before the first change."""
        return self.status.event_time or 0

    @property
    def present(self) -> Millis:
        """What time it is where the events happen: the file of the demo has a time of its own."""
        return self.now if self.stores.shop is None else self.event_time

    @property
    def deciding(self) -> set[str]:
        """The versions of the rules that decided the last change of each partition."""
        return {one.rules for one in self.status.reached.values()}

    def of(self, facts: Json) -> Json:
        """Return an answer with how far it reaches."""
        return {"as_of": self._as_of(), "state": self._state()} | facts

    def entry(self, name: str) -> CatalogueEntry:
        """Return the segment or ladder of a name, or of one of its memberships."""
        found = self.catalogue.by_name.get(name)
        if found is None:
            near = hint(name[:64], self.catalogue.by_name)
            raise Problem("unknown-segment", f"no segment {name[:64]} in the rules: {near}")
        return found

    def membership(self, name: str) -> str:
        """Return the name of a membership: that of a ladder is none, since it has several."""
        if name in self.catalogue.memberships or name in self.reader.sizes():
            return name
        entry = self.entry(name)
        tiers = ", ".join(entry.memberships)
        raise Problem("bad-request", f"{entry.key} is a ladder: ask for one of its tiers, {tiers}")

    def memberships(self, name: str) -> tuple[str, ...]:
        """Return the memberships of a name: those of every tier for that of a ladder."""
        entry = self.catalogue.by_name.get(name)
        if entry is not None and entry.key == name:
            return entry.memberships
        return (self.membership(name),)

    def _as_of(self) -> dict[str, str]:
        return {str(number): iso(one.at) for number, one in sorted(self.status.reached.items())}

    def _state(self) -> str:
        """Return `current`, `rebuilding`, or `migrating` where others decide than the files say.

        A partition says which rules decided its last change.
        """
        if not self.status.ready:
            return "rebuilding"
        return "current" if self.deciding <= {self.catalogue.rules.version} else "migrating"
