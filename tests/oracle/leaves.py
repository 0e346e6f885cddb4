"""Is a condition true of this customer now? One function per leaf, each from the whole history."""

import re
from bisect import bisect_right
from calendar import isleap
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from fractions import Fraction

from tests.oracle.customer import Customer, Match, history_order, matches
from tests.oracle.models import predicted
from tests.oracle.numbers import LIMIT, compares, multiplied, rounded
from tests.oracle.reading import Event
from tests.oracle.rules import duration, share
from tests.oracle.values import (
    Json,
    Node,
    Value,
    comparisons_of,
    face,
    flat,
    present,
    satisfied,
    values_at,
)

DAY = 86_400_000
TEN_THOUSAND = 10_000


def holds(node: Node, customer: Customer, now: int) -> bool:
    """The truth of a tree of conditions."""
    if "all" in node:
        return all(holds(part, customer, now) for part in node["all"])
    if "any" in node:
        return any(holds(part, customer, now) for part in node["any"])
    if "none" in node:
        return not any(holds(part, customer, now) for part in node["none"])
    (judge,) = (LEAVES[key] for key in node if key in LEAVES)
    return judge(node, customer, now)


def qualifying(leaf: Node, names: Json, customer: Customer, now: int) -> list[Match]:
    """The events, in history order, that a leaf's scope leaves: `where`, `within`, `since`."""
    found = customer.matching(names, leaf.get("where"))
    if "within" in leaf:  # 5
        begins = now - duration(leaf["within"])
        found = found[bisect_right(found, begins, key=time_of) :]
        found = found[: bisect_right(found, now, key=time_of)]
    if "older_than" in leaf:  # 5
        found = found[: bisect_right(found, now - duration(leaf["older_than"]), key=time_of)]
    if "since" in leaf:  # 6
        marks = customer.matching(leaf["since"])
        latest = history_order(marks[-1].event) if marks else None
        found = [one for one in found if latest is not None and history_order(one.event) > latest]
    return found


def counting(leaf: Node, names: Json, customer: Customer, now: int) -> list[Match]:
    """The qualifying events, of those with one value of `per` the latest that stands (11)."""
    found = qualifying(leaf, names, customer, now)
    if "per" not in leaf:
        return found
    values = [next(iter(match.faces(leaf["per"])), None) for match in found]
    latest = {value: number for number, value in enumerate(values)}
    undoing = customer.matching(leaf["without"]) if "without" in leaf else []
    return [
        match
        for number, (match, value) in enumerate(zip(found, values, strict=True))
        if value is None
        or (
            latest[value] == number
            and not any(
                value in other.faces(leaf["per"])
                and history_order(other.event) > history_order(match.event)
                for other in undoing
            )
        )
    ]


def time_of(match: Match) -> int:
    """When it happened."""
    return match.event.time


def performed(leaf: Node, customer: Customer, now: int) -> bool:
    """The number of such events compares as stated (11)."""
    asked = comparisons_of(leaf) or {"at_least": 1}
    return compares(count_of(leaf, customer, now), asked)


def count_of(leaf: Node, customer: Customer, now: int) -> int:
    """How many events, days or values there are, or events of one value."""
    found = counting(leaf, leaf["performed"], customer, now)
    if leaf.get("distinct") == "day":
        return len({customer.day(match.event.time) for match in found})
    if "distinct" in leaf:
        return len({value for match in found for value in match.faces(leaf["distinct"])})
    if "same" in leaf:
        carried = Counter(value for match in found for value in match.faces(leaf["same"]))
        return max(carried.values(), default=0)
    return len(found)


def not_performed(leaf: Node, customer: Customer, now: int) -> bool:
    """There is no such event (7)."""
    return not qualifying(leaf, leaf["not_performed"], customer, now)


def quiet(leaf: Node, customer: Customer, now: int) -> bool:
    """`quiet: D` is `not_performed` of those events `within: D` (7)."""
    return not qualifying({"within": leaf["quiet"]}, leaf.get("events", "any"), customer, now)


def ago(leaf: Node, customer: Customer, now: int) -> bool:
    """The latest (earliest) such event exists and is so long ago (12)."""
    found = qualifying(leaf, leaf["ago"], customer, now)
    if not found:
        return False
    chosen = found[0] if leaf.get("which") == "first" else found[-1]
    age = now - chosen.event.time
    long_enough = "at_least" not in leaf or age >= duration(leaf["at_least"])
    short_enough = "less_than" not in leaf or age < duration(leaf["less_than"])
    return long_enough and short_enough


def sequence(leaf: Node, customer: Customer, now: int) -> bool:
    """There is a chain of different events, in that order, of one value each step carries (13)."""
    window = duration(leaf["within"]) if "within" in leaf else None
    history = [one for one in customer.history if window is None or now - window < one.time <= now]
    name = leaf.get("same")
    for start, first in enumerate(history):
        opening = matches_step(first, leaf["sequence"][0])
        if opening is None:
            continue
        values: list[tuple[str, Value] | None] = [None] if name is None else [*opening.faces(name)]
        for value in values:
            # Times never fall in the history, so that of all chains from this first event the one
            # that takes each next step as soon as it can is the shortest.
            last, steps = first.time, leaf["sequence"][1:]
            for one in history[start + 1 :]:
                match = matches_step(one, steps[0]) if steps else None
                if match and (name is None or value in match.faces(name)):
                    last, steps = one.time, steps[1:]
            if not steps and ("span" not in leaf or last - first.time <= duration(leaf["span"])):
                return True
    return False


def matches_step(event: Event, step: Json) -> Match | None:
    """A step is an EVENT or `{event: EVENT, where: …}`."""
    if isinstance(step, dict):
        return matches(event, step["event"], step.get("where"))
    return matches(event, step, None)


def abandoned(leaf: Node, customer: Customer, now: int) -> bool:
    """For some one item A happened, B has not happened since, and the last A is T ago (13)."""
    asked, name = leaf["abandoned"], leaf.get("same", "product_id")
    wait = duration(asked["for"]) if "for" in asked else 0
    window = duration(leaf["within"]) if "within" in leaf else None
    if "net" in leaf:
        return left_over(leaf, customer, now)
    did = items_of(customer.matching(asked["did"], leaf.get("where")), name)
    without = items_of(customer.matching(asked["without"]), name) if did else []
    for item in {item for _, items in did for item in items}:
        closings = [event for event, items in without if item in items or not items]
        left_open = [
            event.time
            for event, items in did
            if item in items
            if not closings or history_order(event) > history_order(closings[-1])
            if window is None or now - window < event.time <= now
        ]
        enough = len(left_open) >= leaf.get("at_least", 1)
        if enough and now - left_open[-1] >= wait:
            return True
    return False


def left_over(leaf: Node, customer: Customer, now: int) -> bool:
    """An A adds its quantity to an item, a B takes its own away, or all; something is left (13)."""
    asked, name = leaf["abandoned"], leaf.get("same", "product_id")
    begins = now - duration(leaf["within"]) if "within" in leaf else None
    level: dict[object, Fraction] = {}
    begun: dict[object, list[int]] = {}
    for event in customer.history:
        if begins is not None and not begins < event.time <= now:
            continue
        for item, quantity in said_of(matches(event, asked["did"], leaf.get("where")), name, leaf):
            added = Fraction(1) if quantity is None else quantity
            level[item] = max(level.get(item, Fraction(0)) + added, Fraction(0))
            begun.setdefault(item, []).append(event.time)
        ends = matches(event, asked["without"], None)
        takes = said_of(ends, name, leaf)
        if ends and name != "customer" and not ends.faces(name):
            takes = [(item, None) for item in level]
        for item, quantity in takes:
            left = Fraction(0) if quantity is None else level.get(item, Fraction(0)) - quantity
            level[item] = max(left, Fraction(0))
            if not level[item]:
                begun[item] = []
    wait = duration(asked["for"]) if "for" in asked else 0
    least = max(leaf.get("at_least", 1), asked.get("at_least", 1))
    return any(
        left > 0 and len(times := begun.get(item, [])) >= least and now - times[-1] >= wait
        for item, left in level.items()
    )


def said_of(match: Match | None, name: str, leaf: Node) -> list[tuple[object, Fraction | None]]:
    """Each item of an event with its quantity, None where nothing is said of it."""
    if match is None:
        return []
    read: list[tuple[object, Node]] = [(name, match.event.properties)]
    if name != "customer":
        read = [(face(reading.value), reading.home) for reading in match.readings(name)]
    said: list[tuple[object, Fraction | None]] = []
    for item, home in read:
        if not present(home, leaf["net"]):
            said.append((item, None))
            continue
        quantity = next(iter(values_at(home, leaf["net"])), None)
        number = None if quantity is None else rounded(quantity)
        if number is not None:
            said.append((item, number))
    return said


def items_of(found: list[Match], name: str) -> list[tuple[Event, set[object]]]:
    """Which items each event is about; with `customer` every event is about the same one."""
    whole = name == "customer"
    return [(match.event, {name} if whole else set(match.faces(name))) for match in found]


def numbers_of(leaf: Node, name: str, customer: Customer, now: int) -> list[tuple[int, int]]:
    """Each number that counts in an aggregate, and what it weighs in an average (14).

    Both have four places: they are told in ten-thousandths.
    """
    by, whole = leaf.get("times"), leaf.get("each") == "event"
    return [
        counts
        for match in counting(leaf, leaf["of"], customer, now)
        for counts in match.counted.get((name, by, whole)) or numbers_in(match, name, by, whole)
    ]


def numbers_in(match: Match, name: str, by: str | None, whole: bool) -> list[tuple[int, int]]:  # noqa: FBT001
    """The numbers of one event; as a whole it is one number, unless it carries none."""
    counted: list[tuple[Fraction, Fraction]] = []
    for value, home in match.readings(name):
        if by is None or not present(home, by):
            number, weight = rounded(value), Fraction(1)
        else:
            factor = values_at(home, by)[:1]
            number = multiplied(value, factor[0]) if factor else None
            weight = (rounded(factor[0]) if factor else None) or Fraction(0)
        if number is not None:
            counted.append((number, weight))
    if whole and counted:
        amount = sum((number for number, _ in counted), Fraction(0))
        counted = [(amount, Fraction(1))] if abs(amount) <= LIMIT else []
    told = [(int(number * TEN_THOUSAND), int(weight * TEN_THOUSAND)) for number, weight in counted]
    match.counted[name, by, whole] = told
    return told


def total(leaf: Node, customer: Customer, now: int) -> bool:
    """The sum compares as stated; of nothing it is 0."""
    return compares(total_of(leaf, customer, now), comparisons_of(leaf))


SHARED = ("within", "older_than", "since")
QUOTIENTS = ("at_least", "at_most", "above", "below")


def total_of(leaf: Node, customer: Customer, now: int) -> Fraction:
    """The sum, less what `minus` takes off it over the same time."""
    counted = numbers_of(leaf, leaf["total"], customer, now)
    amount = Fraction(sum(number for number, _ in counted), TEN_THOUSAND)
    if "minus" in leaf:
        off = {**leaf["minus"], **{key: leaf[key] for key in SHARED if key in leaf}}
        amount -= total_of(off, customer, now)
    return amount


def ratio(leaf: Node, customer: Customer, now: int) -> bool:
    """Part divided by whole compares exactly; false while the whole is not above 0 (14)."""
    shared = {key: leaf[key] for key in SHARED if key in leaf}
    part, whole = (
        total_of(one, customer, now) if "total" in one else Fraction(count_of(one, customer, now))
        for one in ({**leaf["ratio"][key], **shared} for key in ("part", "whole"))
    )
    if whole <= 0 or whole < share(leaf.get("of_at_least", 0)):
        return False
    asked = {key: share(leaf[key]) for key in QUOTIENTS if key in leaf}
    return compares(part / whole, asked)


def average(leaf: Node, customer: Customer, now: int) -> bool:
    """The exact quotient compares as stated; false of nothing, and of what nothing divides."""
    counted = numbers_of(leaf, leaf["average"], customer, now)
    amount = sum((number for number, _ in counted), 0)
    weight = sum(weight for _, weight in counted)
    return weight > 0 and compares(Fraction(amount, weight), comparisons_of(leaf))


def largest(leaf: Node, customer: Customer, now: int) -> bool:
    """The largest number compares as stated; false of nothing."""
    counted = numbers_of(leaf, leaf["largest"], customer, now)
    asked = comparisons_of(leaf)
    return bool(counted) and compares(Fraction(max(counted)[0], TEN_THOUSAND), asked)


def smallest(leaf: Node, customer: Customer, now: int) -> bool:
    """The smallest number compares as stated; false of nothing."""
    counted = numbers_of(leaf, leaf["smallest"], customer, now)
    asked = comparisons_of(leaf)
    return bool(counted) and compares(Fraction(min(counted)[0], TEN_THOUSAND), asked)


def latest(leaf: Node, customer: Customer, now: int) -> bool:
    """The values in the latest qualifying event that carries the property (15)."""
    found = qualifying(leaf, leaf["of"], customer, now)
    carried = [readings for match in found if (readings := match.readings(leaf["latest"]))]
    values = [reading.value for reading in carried[-1]] if carried else []
    return satisfied(values, comparisons_of(leaf))


def first(leaf: Node, customer: Customer, now: int) -> bool:
    """The values in the earliest qualifying event that carries the property (15)."""
    found = qualifying(leaf, leaf["of"], customer, now)
    carried = [readings for match in found if (readings := match.readings(leaf["first"]))]
    values = [reading.value for reading in carried[0]] if carried else []
    return satisfied(values, comparisons_of(leaf))


def favours(leaf: Node, customer: Customer, now: int) -> bool:
    """The value carried most often, of equals the one carried most recently (16)."""
    counts: Counter[tuple[str, Value]] = Counter()
    recency: list[tuple[str, Value]] = []  # the most recently carried first
    for match in qualifying(leaf, leaf["of"], customer, now):
        carried = match.faces(leaf["favours"])
        counts.update(carried)
        recency = carried + [value for value in recency if value not in carried]
    if not counts:
        return False
    favourite = next(value for value in recency if counts[value] == max(counts.values()))
    asked: Node = {key: leaf[key] for key in ("is", "is_not", "in") if key in leaf}
    return (
        satisfied([favourite[1]], asked)
        and Fraction(counts[favourite], counts.total()) >= share(leaf.get("share", 0))
        and counts[favourite] >= leaf.get("at_least", 1)
    )


def trait(leaf: Node, customer: Customer, now: int) -> bool:  # noqa: ARG001  traits know no window
    """The value with the latest time compares as stated; `null` has removed it (17)."""
    told = [event.traits for event in customer.history if leaf["trait"] in event.traits]
    values = flat(told[-1][leaf["trait"]]) if told else []
    return satisfied(values, comparisons_of(leaf))


def in_segment(leaf: Node, customer: Customer, now: int) -> bool:
    """The customer is in it as reported, and was entered at least `for` ago (19)."""
    key, _, tier = leaf["in_segment"].partition(".")
    standing = customer.standing(key)
    if standing.changed is None or standing.place != (tier or key):
        return False
    return "for" not in leaf or now - standing.changed >= duration(leaf["for"])


def left_segment(leaf: Node, customer: Customer, now: int) -> bool:
    """Not in it now, and the last reported exit is less than `within` ago (19)."""
    key, _, tier = leaf["left_segment"].partition(".")
    standing, place = customer.standing(key), tier or key
    left = standing.exits.get(place)
    return standing.place != place and left is not None and now - left < duration(leaf["within"])


def season(leaf: Node, customer: Customer, now: int) -> bool:
    """The calendar day in the zone, both included; without years it may span New Year."""
    begins, ends = leaf["season"]["from"], leaf["season"]["to"]
    if len(begins) == len("2026-11-24"):
        return bool(begins <= customer.day(now).isoformat() <= ends)
    today = customer.day(now).strftime("%m-%d")
    if begins <= ends:
        return bool(begins <= today <= ends)
    return bool(today >= begins or today <= ends)


def dates_told(name: str, customer: Customer) -> list[date]:
    """The values with the latest time of a trait (17) that begin with an existing day."""
    told = [event.traits for event in customer.history if name in event.traits]
    texts = [value for value in flat(told[-1][name]) if isinstance(value, str)] if told else []
    found = []
    for text in texts:
        if re.match(r"\d{4}-\d\d-\d\d($|T)", text, re.ASCII) and not text.endswith("\n"):
            with suppress(ValueError):
                found.append(datetime.strptime(text[:10], "%Y-%m-%d").date())  # noqa: DTZ007  a day
    return found


def date_near(leaf: Node, customer: Customer, now: int) -> bool:
    """Today lies so many days before the day, or after it, or is the day (17)."""
    asked = leaf["date"]
    ahead, behind = (duration(asked.get(key, "0d")) // DAY for key in ("before", "after"))
    today = customer.day(now)
    return any(
        -behind <= (day - today).days <= ahead for day in dates_told(asked["trait"], customer)
    )


def comes_round(born: date, today: date) -> bool:
    """Is this the day of the year, or the 28th for a 29 February that the year lacks?"""
    tomorrow = today + timedelta(days=1)
    if (born.month, born.day) == (2, 29) and (tomorrow.month, tomorrow.day) == (3, 1):
        return True
    return (born.month, born.day) == (today.month, today.day)


def anniversary(leaf: Node, customer: Customer, now: int) -> bool:
    """The day comes round within so many days from today, or did so many days ago."""
    asked = leaf["anniversary"]
    ahead, behind = (duration(asked.get(key, "0d")) // DAY for key in ("before", "after"))
    near = [
        customer.day(now) + timedelta(days=shift)
        for shift in range(-min(behind, 366), min(ahead, 366) + 1)
    ]
    return any(
        comes_round(born, day) for born in dates_told(asked["trait"], customer) for day in near
    )


def age(leaf: Node, customer: Customer, now: int) -> bool:
    """Whole years since the date; a year is whole on the day that comes round."""
    today = customer.day(now)
    for born in dates_told(leaf["age"]["trait"], customer):
        day = (born.month, born.day)
        if day == (2, 29) and not isleap(today.year):
            day = (2, 28)
        years = today.year - born.year - ((today.month, today.day) < day)
        if leaf.get("at_least", years) <= years < leaf.get("below", years + 1):
            return True
    return False


LEAVES: dict[str, Callable[[Node, Customer, int], bool]] = {
    "performed": performed,
    "not_performed": not_performed,
    "quiet": quiet,
    "ago": ago,
    "sequence": sequence,
    "abandoned": abandoned,
    "total": total,
    "average": average,
    "largest": largest,
    "smallest": smallest,
    "ratio": ratio,
    "latest": latest,
    "first": first,
    "favours": favours,
    "trait": trait,
    "in_segment": in_segment,
    "left_segment": left_segment,
    "season": season,
    "date": date_near,
    "anniversary": anniversary,
    "age": age,
    "predicted": predicted,
}
