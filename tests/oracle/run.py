"""Time: which records are accepted, and at which instants a customer is looked at (2 to 4, 21).

Nothing here is clever. Whatever could make a condition differ with no event happens a written
duration after something: after an event, or after a change of membership. So every such instant is
looked at, in order, and all rules are evaluated there from scratch.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from tests.oracle.customer import EPOCH, REMEMBERED_IDS, Customer
from tests.oracle.identity import Alias, tells_link
from tests.oracle.leaves import DAY, dates_told
from tests.oracle.membership import Moment, decide, leave_everything
from tests.oracle.models import fading
from tests.oracle.reading import Event, NoEventError, read_event
from tests.oracle.rules import Rules, duration, read_rules
from tests.oracle.values import Node

MAX_AHEAD = 5 * 60_000
FEBRUARY = 2

Rejected = tuple[int, Literal["invalid", "late", "early", "duplicate"]]


class SomeAppendedError(ValueError):
    """Only some lines carry `appended`: such a file is refused (4)."""


@dataclass
class OracleResult:
    """What is said of every customer, what was not accepted, and who is where at the end."""

    changes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    members: dict[str, list[str]] = field(default_factory=dict)


def oracle_run(
    documents: Sequence[Mapping[str, Any]],
    lines: Sequence[bytes],
    until: int | Literal["end"] | None = "end",
    lateness: int = 2_000,
    *,
    each_alone: bool = False,
    by_durations: bool = False,
) -> OracleResult:
    """What the rule documents say about the lines of an events file.

    Args:
        documents: The parsed rule files: segments, ladders and at most one header.
        lines: The lines, without their line breaks, counted from 1.
        until: How far time goes after the last line: milliseconds since 1970, `"end"` for the
            largest accepted event time (or log time less `lateness`), None for no further.
        lateness: How far log time stays behind the append times, in milliseconds.
        each_alone: Whether a record moves time for its own customer only. Nobody's changes depend
            on others, so it says the same, and the work does not grow with lines times customers.
        by_durations: Whether time asks only the rules in which the duration that has passed is
            written, not all rules. It says the same in about half the time.
    """
    made = RunOfEach if each_alone else RunByDurations if by_durations else Run
    run = made(read_rules(documents), lateness, until if isinstance(until, int) else None)
    for number, raw in enumerate(lines, start=1):
        run.record(number, raw)
    if until is not None:
        run.finish()
    for key, customer in sorted(run.customers.items()):
        run.result.members[key] = sorted(
            unit.membership(standing.place)
            for unit in run.rules.units
            if (standing := customer.standing(unit.key)).place is not None
        )
    return run.result


class Run:
    """One pass over a file: the customers, log time, and what was said so far."""

    def __init__(self, rules: Rules, lateness: int, until: int | None) -> None:
        self.rules = rules
        self.lateness = lateness
        self.until = until
        self.customers: dict[str, Customer] = {}
        self.aliases: dict[str, Alias] = {}
        self.log_time: int | None = None
        self.largest_time: int | None = None
        self.carries_appended: bool | None = None
        self.result = OracleResult()

    def record(self, number: int, raw: bytes) -> None:
        """One line: log time first, then acceptance, then the event."""
        try:
            event = read_event(raw, number)
        except NoEventError:
            self.result.rejected.append((number, "invalid"))
            return
        if self.carries_appended not in (None, event.appended is not None):
            raise SomeAppendedError(f"line {number}")
        self.carries_appended = event.appended is not None
        if event.appended is not None:
            self.log_time = max(event.appended, self.log_time or 0)
            self.advance_everybody(self.log_time - self.lateness)
        if self.until is not None and event.time > self.until:
            return
        if self.rules.anonymous != "none":
            event = self.owned(event)
        refusal = self.refusal(event)
        if refusal is not None:
            self.result.rejected.append((number, refusal))
            return
        self.apply(event)
        if self.rules.anonymous != "none":
            self.link(event)

    def owned(self, event: Event) -> Event:
        """The event as that of the user whose it is, if its anonymous id is linked (24)."""
        key = event.customer
        alias = self.aliases.get(key)
        if alias is None:
            return event
        if event.user is not None or alias.last + self.rules.retention <= event.time:
            del self.aliases[key]
            return event
        if (
            self.refusal(replace(event, customer="")) is None
        ):  # nobody's: judged by append time only
            alias.last = max(alias.last, event.time)
        self.aliases.pop(alias.user, None)
        self.reach(alias.user)
        return replace(event, customer=alias.user)

    def link(self, event: Event) -> None:
        """What an accepted event says of its ids: who is a user, and whose the anonymous id is."""
        customer = self.customers[event.customer]
        if event.user is not None or event.customer != event.anonymous:
            customer.is_user = True
        if tells_link(customer, event, self.rules.retention):
            self.tell_link(str(event.anonymous), event.customer, event.time)

    def tell_link(self, anonymous: str, user: str, time: int) -> None:
        """In a file, a link takes effect at once."""
        self.reach(anonymous)
        self.close(anonymous, user, time)

    def close(self, anonymous: str, user: str, time: int) -> None:
        """A visitor becomes a user, or a device goes to another one."""
        self.let_pass(anonymous, time)
        other = self.customers.get(anonymous)
        if other is not None and other.is_user:
            return
        alias = self.aliases.get(anonymous)
        if alias is None:
            alias = self.aliases[anonymous] = Alias(user, time)
            if other is not None:
                alias.last = other.history[-1].time
                exits = leave_everything(self.rules, other, Moment(other.clock, why="merge"))
                self.say(other.id, exits)
                del self.customers[other.id]
                self.tell_join(user, other)
        elif alias.is_shared(user, time):
            return
        elif self.rules.anonymous == "last" and alias.user != user:
            self.tell_dropped(alias.user, anonymous)
            alias.user = user
        alias.links.append((user, time))
        alias.last = max(alias.last, time)

    def tell_join(self, user: str, other: Customer) -> None:
        """The user has done all that the visitor has done, and is decided."""
        customer = self.customers.get(user)
        if customer is None:
            customer = Customer(user, self.rules.zone, born=other.born, clock=other.clock)
            customer.models, customer.is_user = self.rules.models, True
            self.customers[user] = customer
        customer.join(other)
        now = Moment(customer.clock, why="merge")
        self.say(customer.id, decide(self.rules, customer, now))

    def tell_dropped(self, user: str, anonymous: str) -> None:
        """A device is another user's now."""
        if user in self.customers:
            self.customers[user].linked.pop(anonymous, None)

    def reach(self, key: str) -> None:
        """What log time has made due of another customer has happened already."""

    def refusal(self, event: Event) -> Literal["late", "early", "duplicate"] | None:
        """Why an event is not accepted (2), judged on the customer's clock as it now is."""
        customer = self.customers.get(event.customer)
        now = event.time if customer is None else customer.clock
        appended = event.time if event.appended is None else event.appended
        if event.time < max(now, appended) - self.rules.max_lateness:
            return "late"
        if event.time > appended + MAX_AHEAD:
            return "early"
        if customer is not None:
            recent = customer.heard[-REMEMBERED_IDS:]
            if any(
                old.id == event.id and old.time >= now - self.rules.max_lateness for old in recent
            ):
                return "duplicate"
        return None

    def apply(self, event: Event) -> None:
        """Time moves to the event without it, then the event is applied and decided (3)."""
        if event.customer in self.customers:
            self.advance(event.customer, event.time)
        customer = self.customers.get(event.customer)
        if customer is None:
            customer = Customer(event.customer, self.rules.zone, born=event.time, clock=event.time)
            customer.models = self.rules.models
            self.customers[event.customer] = customer
        customer.take(event)
        self.largest_time = max(event.time, self.largest_time or 0)
        self.say(event.customer, decide(self.rules, customer, Moment(customer.clock, event.id)))

    def advance_everybody(self, limit: int) -> None:
        """Everything due at or before the limit happens, whoever's it is; nothing after `until`."""
        if self.until is not None:
            limit = min(limit, self.until)
        for key in [*self.customers, *self.aliases]:
            self.let_pass(key, limit)

    def let_pass(self, key: str, limit: int) -> None:
        """What is due of an id happens: of a customer, or of an alias, which then ends."""
        if key in self.customers:
            self.advance(key, limit)
        elif key in self.aliases and self.aliases[key].last + self.rules.retention <= limit:
            del self.aliases[key]

    def advance(self, key: str, limit: int) -> None:
        """Look at a customer at every instant after the clock, up to the limit, in order."""
        customer = self.customers[key]
        looked_until = customer.clock
        while instants := self.instants(customer, looked_until, limit):
            looked_until = min(instants)
            moment = Moment(looked_until)
            if looked_until == self.gone_at(customer):
                self.say(key, leave_everything(self.rules, customer, moment))
                del self.customers[key]
                return
            changes = self.turned(customer, moment)
            if changes:
                customer.clock = looked_until
                self.say(key, changes)

    def turned(self, customer: Customer, moment: Moment) -> list[dict[str, Any]]:
        """What time alone has changed."""
        return decide(self.rules, customer, moment)

    def instants(self, customer: Customer, after: int, limit: int) -> set[int]:
        """Every instant in reach at which anything could differ, were it for any reason."""
        if limit <= after:
            return set()
        standings = customer.standings.values()
        starts = [
            [event.time for event in customer.history],
            sorted(one.changed for one in standings if one.changed is not None),
            sorted({left for one in standings for left in one.exits.values()}),
        ]
        reached = {
            start + wait
            for wait in self.rules.durations
            for some in starts
            for start in some[bisect_right(some, after - wait) : bisect_right(some, limit - wait)]
        }
        reached |= self.turning_days(after, limit) if self.rules.days else set()
        reached |= {
            at for leaf in self.rules.dated for at in self.dated_days(leaf, customer, limit)
        }
        for leaf in self.rules.predicted:
            reached |= set(fading(leaf, customer))
        return {at for at in reached | {self.gone_at(customer)} if after < at <= limit}

    def turning_days(self, after: int, limit: int) -> set[int]:
        """The beginning of every day on which a season could begin or be over."""
        found: set[int] = set()
        day = (EPOCH + timedelta(milliseconds=after)).astimezone(self.rules.zone).date()
        while True:
            at = self.beginning(day)
            if at > limit:
                return found
            near = (day, day - timedelta(days=1))
            named = {one.strftime("%m-%d") for one in near} | {one.isoformat() for one in near}
            if named & self.rules.days or named & {"02-29", "03-01"}:
                found.add(at)
            day += timedelta(days=1)

    def dated_days(self, leaf: Node, customer: Customer, limit: int) -> Iterator[int]:
        """The beginning of every day on which such a leaf could turn, in all years in reach."""
        asked = leaf.get("date") or leaf.get("anniversary") or leaf["age"]
        shifts = {0}
        if "age" not in leaf:
            before, after = (duration(asked.get(key, "0d")) // DAY for key in ("before", "after"))
            shifts = {-before, after + 1}
        years = range(customer.day(customer.clock).year - 2, customer.day(limit).year + 3)
        for born in dates_told(asked["trait"], customer):
            for year in years:
                for number in {born.day, 28} if born.month == FEBRUARY else {born.day}:
                    with suppress(ValueError):
                        day = date(year, born.month, number)
                        yield from (self.beginning(day + timedelta(days=one)) for one in shifts)

    def beginning(self, day: date) -> int:
        """The first instant of a day in the zone."""
        midnight = datetime.combine(day, time(), self.rules.zone)
        return int((midnight.astimezone(UTC) - EPOCH) / timedelta(milliseconds=1))

    def gone_at(self, customer: Customer) -> int:
        """The instant at which the latest accepted event is `retention` old (21)."""
        return customer.history[-1].time + self.rules.retention

    def finish(self) -> None:
        """The end of the file: up to `until`, or to the end that the file itself reaches (4)."""
        ends = [self.until]
        if self.until is None:
            ends = [self.largest_time]
            if self.log_time is not None:
                ends.append(self.log_time - self.lateness)
        reached = [end for end in ends if end is not None]
        if reached:
            self.advance_everybody(max(reached))

    def say(self, key: str, changes: list[dict[str, Any]]) -> None:
        """Add to what is said of a customer."""
        if changes:
            self.result.changes.setdefault(key, []).extend(changes)


class RunOfEach(Run):
    """A run in which a record moves time for its own customer, and the end for everybody."""

    def __init__(self, rules: Rules, lateness: int, until: int | None) -> None:
        super().__init__(rules, lateness, until)
        self.looked_at: str | None = None

    def record(self, number: int, raw: bytes) -> None:
        self.looked_at = None
        with suppress(NoEventError):
            self.looked_at = read_event(raw, number).customer
        super().record(number, raw)

    def reach(self, key: str) -> None:
        if self.log_time is not None:
            limit = self.log_time - self.lateness
            self.let_pass(key, limit if self.until is None else min(limit, self.until))

    def finish(self) -> None:
        self.looked_at = None
        super().finish()

    def advance_everybody(self, limit: int) -> None:
        if self.looked_at is None:
            super().advance_everybody(limit)
        else:
            self.let_pass(self.looked_at, limit if self.until is None else min(limit, self.until))


class RunByDurations(Run):
    """A run in which time asks only those rules that it can have turned."""

    def turned(self, customer: Customer, moment: Moment) -> list[dict[str, Any]]:
        standings = customer.standings.values()
        starts = {event.time for event in customer.history}
        starts |= {one.changed for one in standings if one.changed is not None}
        starts |= {left for one in standings for left in one.exits.values()}
        asked = [
            unit
            for unit in self.rules.units
            if unit.by_others or any(moment.at - wait in starts for wait in unit.durations)
        ]
        return decide(replace(self.rules, units=tuple(asked)), customer, moment)
