"""One person live (24): partitions that tell each other, each with a log and a time of its own.

Links, joins and what is forwarded take effect where their control records stand in the log. Whose
history a join brings is known here from when the visitor was closed: nothing is read from the
record but who it is about. What should be told is noted, to be compared with what is in the log.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.oracle.customer import Customer
from tests.oracle.membership import Moment, leave_everything
from tests.oracle.reading import Event, NoEventError, read_event
from tests.oracle.rules import Rules, read_rules
from tests.oracle.run import MAX_AHEAD, OracleResult, RunOfEach

Told = tuple[str, str, str]
"""The kind of a control record, whom it is for, and the other id that it is about."""


@dataclass(frozen=True)
class Control:
    """A control record: `about` is the other id; `raw` the event of a forward, with its times."""

    kind: str
    customer: str
    about: str
    appended: int
    time: int = 0
    raw: bytes = b""


class Waits(Exception):
    """The visitor whose history is to join has not been closed yet, in another partition."""


class PartitionRun(RunOfEach):
    """One partition. `closed` are the histories on their way, by visitor and user."""

    def __init__(
        self,
        rules: Rules,
        until: int,
        closed: defaultdict[tuple[str, str], list[Customer]],
        told: Counter[Told],
    ) -> None:
        super().__init__(rules, 2_000, until)
        self.closed = closed
        self.told = told
        self.erased: dict[str, int] = {}
        self.suppressed: set[str] = set()

    def record(self, number: int, raw: bytes) -> None:
        """An event; if it is a visitor's whom a user has, it is forwarded and no more."""
        with_alias = None
        try:
            event = read_event(raw, number)
        except NoEventError:
            event = None
        if event is not None and self.is_marked(event.customer, event.time, event.appended or 0):
            self.move_time(event.customer, event.appended or 0)
            return
        if event is not None and event.user is None and event.customer in self.aliases:
            self.move_time(event.customer, event.appended or 0)
            if event.customer in self.aliases:
                self.looked_at = event.customer
                with_alias = self.owned(event)
        if event is None or with_alias is None or with_alias.customer == event.customer:
            super().record(number, raw)
        else:
            self.told["forward", with_alias.customer, event.customer] += 1

    def control(self, number: int, control: Control) -> None:
        """A control record takes effect; raises `Waits` if it cannot yet."""
        key = control.customer, control.about
        if control.kind == "join" and not self.closed[key]:
            raise Waits
        self.move_time(control.customer, control.appended)
        match control.kind:
            case "link":
                if not self.is_marked(control.customer, control.time, 0):
                    self.close(control.customer, control.about, control.time)
            case "join":
                joined = self.closed[key].pop(0)
                if not self.is_marked(control.customer, joined.born, 0):
                    super().tell_join(control.customer, joined)
            case "dropped":
                super().tell_dropped(*key)
            case "forward":
                self.forwarded(read_event(control.raw, number), control.customer)
            case _:
                self.order(control)

    def order(self, control: Control) -> None:
        """What a person has asked for (26)."""
        match control.kind:
            case "erase":
                self.erase(control.customer, control.time)
            case "unlink":
                self.unlink(control.customer, control.about)
            case "suppress":
                self.suppressed.add(control.customer)
            case "release":
                self.suppressed.discard(control.customer)

    def move_time(self, customer: str, appended: int) -> None:
        """Log time moves, for this customer."""
        self.looked_at = customer
        self.log_time = max(appended, self.log_time or 0)
        self.advance_everybody(self.log_time - self.lateness)

    def forwarded(self, event: Event, user: str) -> None:
        """An event of the user, whatever id it came under."""
        event = replace(event, customer=user)
        if self.is_marked(user, event.time, event.appended or 0):
            return
        self.aliases.pop(user, None)
        refusal = self.refusal(event)
        if refusal is not None:
            self.result.rejected.append((event.line, refusal))
            return
        self.apply(event)
        self.link(event)

    def is_marked(self, key: str, time: int, appended: int) -> bool:
        """Nothing of that time is taken of a customer (26), for as long as it could still come."""
        if key in self.suppressed:
            return True
        until = self.erased.get(key)
        over = (until or 0) + self.rules.max_lateness + MAX_AHEAD
        return until is not None and time <= until and appended <= over

    def erase(self, key: str, time: int) -> None:
        """The customer exits everything and is gone, and so are all ids joined into it (26)."""
        self.erased[key] = max(time, self.erased.get(key, 0))
        alias = self.aliases.pop(key, None)
        if alias is not None:
            self.told["erase", alias.user, ""] += 1
            return
        if key in self.customers:
            self.advance(key, time)
        customer = self.customers.pop(key, None)
        if customer is not None:
            now = Moment(max(customer.clock, time), why="erasure")
            self.say(key, leave_everything(self.rules, customer, now))
            for anonymous in customer.linked:
                self.told["erase", anonymous, ""] += 1

    def unlink(self, key: str, user: str) -> None:
        """Later events of a visitor are the visitor's own again (26)."""
        alias = self.aliases.get(key)
        if alias is not None and user in ("", alias.user):
            del self.aliases[key]
            self.told["dropped", alias.user, key] += 1
        elif alias is None and key in self.customers:
            for anonymous in self.customers[key].linked:
                self.told["unlink", anonymous, key] += 1
            self.customers[key].linked = {}

    def tell_link(self, anonymous: str, user: str, time: int) -> None:  # noqa: ARG002
        self.told["link", anonymous, user] += 1

    def tell_join(self, user: str, other: Customer) -> None:
        self.closed[user, other.id].append(other)
        self.told["join", user, other.id] += 1

    def tell_dropped(self, user: str, anonymous: str) -> None:
        self.told["dropped", user, anonymous] += 1

    def reach(self, key: str) -> None:
        """Others are elsewhere."""


def oracle_run_of_partitions(
    documents: Sequence[Mapping[str, Any]],
    partitions: Sequence[Sequence[bytes | Control]],
    until: int,
) -> tuple[OracleResult, Counter[Told]]:
    """What the rule documents say about the logs, and what the partitions tell each other."""
    rules = read_rules(documents)
    told: Counter[Told] = Counter()
    closed: defaultdict[tuple[str, str], list[Customer]] = defaultdict(list)
    runs = [PartitionRun(rules, until, closed, told) for _ in partitions]
    read = [0] * len(runs)
    while any(place < len(log) for place, log in zip(read, partitions, strict=True)):
        before = list(read)
        for number, (run, log) in enumerate(zip(runs, partitions, strict=True)):
            read[number] = read_on(run, log, read[number])
        assert read != before, "a join whose visitor was never closed"
    everything = OracleResult()
    for run in runs:
        run.finish()
        everything.changes |= run.result.changes
        everything.rejected += run.result.rejected
        for key, customer in run.customers.items():
            everything.members[key] = sorted(
                unit.membership(standing.place)
                for unit in rules.units
                if (standing := customer.standing(unit.key)).place is not None
            )
    return everything, told


def read_on(run: PartitionRun, log: Sequence[bytes | Control], start: int) -> int:
    """Read a log on until it waits for another one, and return how far it came."""
    for number, one in enumerate(log[start:], start):
        try:
            if isinstance(one, Control):
                run.control(number + 1, one)
            else:
                run.record(number + 1, one)
        except Waits:
            return number
    return len(log)
