"""Conditions: every leaf with every scope and comparison that the rule language allows, nested."""

from collections.abc import Callable
from typing import Any, TypeAlias

from hypothesis import strategies as st

from tests.strategies.words import (
    CURRENCIES,
    KINDS,
    NUMBERS,
    PROPERTIES,
    TEXTS,
    TRAITS,
    VALUES,
    Node,
    Words,
    millis,
)

Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]

COUNTS = st.integers(1, 3)
DAYS = st.sampled_from(["01-01", "01-02", "02-28", "02-29", "03-29", "10-25", "12-31"])
DATES = st.sampled_from(["2025-12-31", "2026-01-02", "2026-03-29", "2026-10-25", "2026-10-26"])
SOME_DAYS = st.sampled_from(["0d", "1d", "2d"])
YEARS = st.sampled_from([1, 25, 26, 26, 27, 1000])
LIKELIHOODS: list[Any] = ["5%", "20%", 0.333, 0.5, 0.8, "90%", 1]
WORTHS: list[Any] = [0.3, 1, 1.5, 2, 2.5, 3, 5]
MODEL = "churn"
VALUE_MODEL = "worth"
AMOUNTS = st.sampled_from([0, 1, 2, 3, 5, 2.5, 0.1, 0.3, 4.0001, -1, 10])
QUOTIENTS = st.sampled_from([0.5, "50%", "100%", 1, 2, 0.3333, 0, -1])
SHARES = st.sampled_from([0.5, "50%", "34%", "33.3%", 0.6667, 1, "100%"])
VALUE = st.sampled_from(VALUES)
VALUE_LISTS = st.lists(VALUE, min_size=1, max_size=3, unique_by=str)
NUMBER = st.sampled_from(NUMBERS)
TEXT = st.sampled_from(TEXTS)
PROPERTY = st.sampled_from(PROPERTIES)
SELDOM = st.sampled_from([False, False, False, False, True])
SOMETIMES = st.sampled_from([False, False, True])
MOSTLY = st.sampled_from([True, True, False])
NESTED = st.sampled_from(["leaf", "leaf", "leaf", "all", "any", "none"])


def between(low: float, high: float) -> Node:
    """Two thresholds that leave something between them."""
    return {"at_least": min(low, high), "at_most": max(low, high)}


COMPARISONS: st.SearchStrategy[Node] = st.one_of(
    st.builds(lambda value: {"is": value}, VALUE),
    st.builds(lambda value: {"is_not": value}, VALUE),
    st.builds(lambda values: {"in": values}, VALUE_LISTS),
    st.builds(lambda values: {"not_in": values}, VALUE_LISTS),
    st.builds(lambda truth: {"exists": truth}, st.booleans()),
    st.builds(
        lambda key, number: {key: number},
        st.sampled_from(["at_least", "at_most", "above", "below"]),
        NUMBER,
    ),
    st.builds(
        lambda key, text: {key: text},
        st.sampled_from(["starts_with", "ends_with", "contains"]),
        TEXT,
    ),
    st.builds(between, NUMBER, NUMBER),
    st.builds(lambda value, number: {"is_not": value, "at_least": number}, VALUE, NUMBER),
    st.builds(lambda one, other: {"starts_with": one, "contains": other}, TEXT, TEXT),
    st.builds(lambda one, other: {"is_not": one, "ends_with": other}, VALUE, TEXT),
)
OF_NUMBERS = st.sampled_from([*NUMBERS, *NUMBERS, True])
OF_TEXTS = st.sampled_from([*TEXTS, *TEXTS, "1", "7", "2.5", False])
OF_CURRENCIES = st.sampled_from(CURRENCIES)


def equalities(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Node]:
    """Comparisons with values of one kind, or of whether there is one."""
    several = st.lists(values, min_size=1, max_size=3, unique_by=str)
    return st.one_of(
        st.builds(lambda key, value: {key: value}, st.sampled_from(["is", "is_not"]), values),
        st.builds(lambda key, some: {key: some}, st.sampled_from(["in", "not_in"]), several),
        st.builds(lambda truth: {"exists": truth}, st.booleans()),
    )


def ordered(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Node]:
    """Comparisons of values that have an order."""
    return st.builds(
        lambda key, value: {key: value},
        st.sampled_from(["at_least", "at_most", "above", "below"]),
        values,
    )


WEEKDAYS = st.sampled_from(["thursday", "friday", "saturday", "sunday", "wednesday"])
HOURS = st.sampled_from([0, 0, 1, 2, 3, 12, 19, 22, 23])
MONTHS = st.sampled_from([1, 1, 3, 10, 12])
DATES = st.sampled_from(
    ["2026-01-01", "2026-01-02", "2025-12-31", "2026-03-28", "2026-03-29", "2026-10-25"]
)
BY_KIND: dict[str | None, tuple[st.SearchStrategy[Any], st.SearchStrategy[Node]]] = {
    None: (VALUE, COMPARISONS),
    "number": (
        OF_NUMBERS,
        equalities(OF_NUMBERS) | ordered(NUMBER) | st.builds(between, NUMBER, NUMBER),
    ),
    "text": (
        OF_TEXTS,
        equalities(OF_TEXTS)
        | st.builds(
            lambda key, text: {key: text},
            st.sampled_from(["starts_with", "ends_with", "contains"]),
            TEXT,
        ),
    ),
    "currency": (OF_CURRENCIES, equalities(OF_CURRENCIES)),
    "weekday": (WEEKDAYS, equalities(WEEKDAYS)),
    "hour": (HOURS, equalities(HOURS) | ordered(HOURS)),
    "month": (MONTHS, equalities(MONTHS) | ordered(MONTHS)),
    "date": (DATES, equalities(DATES) | ordered(DATES)),
}


def comparisons_of(name: str) -> st.SearchStrategy[Node]:
    """Comparisons that may be asked of a property."""
    return BY_KIND[KINDS.get(name)][1]


def clauses_of(name: str) -> st.SearchStrategy[tuple[str, Any]]:
    """A property with a value, or with comparisons, that may be asked of it."""
    value, comparisons = BY_KIND[KINDS.get(name)]
    return st.tuples(st.just(name), value | comparisons)


WHERES = st.lists(PROPERTY.flatmap(clauses_of), min_size=1, max_size=2).map(dict)
COUNT_COMPARISONS: st.SearchStrategy[Node] = st.one_of(
    st.sampled_from([{}, {}, {"at_least": 1}, {"at_least": 2}]),
    st.builds(lambda number: {"at_least": number}, COUNTS),
    st.builds(lambda number: {"at_most": number}, COUNTS),
    st.builds(lambda number: {"is": number}, COUNTS),
    st.builds(between, COUNTS, COUNTS),
)
AMOUNT_COMPARISONS: st.SearchStrategy[Node] = st.one_of(
    st.builds(
        lambda key, number: {key: number},
        st.sampled_from(["at_least", "at_most", "above", "below", "is"]),
        AMOUNTS,
    ),
    st.builds(between, AMOUNTS, AMOUNTS),
)


@st.composite
def conditions(draw: Draw, words: Words, depth: int = 2) -> Node:
    """A leaf, or a few conditions under `all`, `any` or `none`."""
    shape = draw(NESTED) if depth else "leaf"
    if shape != "leaf":
        return {shape: draw(st.lists(conditions(words, depth=depth - 1), min_size=1, max_size=3))}
    leaves = (
        (*LEAVES, in_segment, in_segment, in_segment, left_segment, left_segment)
        if words.memberships
        else LEAVES
    )
    leaf: Node = draw(st.sampled_from(leaves))(draw, words)
    return leaf


def event(draw: Draw, words: Words) -> str | list[str]:
    """An EVENT: a name, a list of names, or `any`."""
    names = st.sampled_from(words.events)
    chosen: str | list[str] = draw(
        st.one_of(
            names, names, st.just("any"), st.lists(names, min_size=1, max_size=2, unique=True)
        )
    )
    return chosen


def scope(draw: Draw, words: Words, *, since: bool = True, within: bool = True) -> Node:
    """`where`, `within`, `since`, each now and then."""
    node: Node = {}
    if draw(SELDOM):
        node["where"] = draw(WHERES)
    if within and draw(MOSTLY):
        node["within"] = draw(st.sampled_from(words.durations))
    if since and draw(SELDOM):
        node["since"] = event(draw, words)
    return node


def aged(draw: Draw, words: Words) -> Node:
    """A scope, at times of events that are old enough."""
    node = scope(draw, words)
    longest = millis(node["within"]) if "within" in node else None
    ages = [text for text in words.durations if longest is None or millis(text) < longest]
    if ages and draw(SOMETIMES):
        node["older_than"] = draw(st.sampled_from(ages))
    return node


def once(draw: Draw, words: Words) -> Node:
    """One event of each value, at times only if nothing undid it."""
    node: Node = {"per": draw(PROPERTY)}
    return {**node, "without": event(draw, words)} if draw(MOSTLY) else node


def performed(draw: Draw, words: Words) -> Node:
    """Counts of events, of different values or days, of the most frequent value."""
    node = {"performed": event(draw, words), **aged(draw, words)}
    counted = draw(st.sampled_from(["events"] * 5 + ["distinct", "day", "same", "per", "per"]))
    if counted == "per":
        return {**node, **once(draw, words), **draw(COUNT_COMPARISONS)}
    if counted == "same":
        return {**node, "same": draw(PROPERTY), "at_least": draw(COUNTS)}
    if counted != "events":
        node["distinct"] = "day" if counted == "day" else draw(PROPERTY)
    return {**node, **draw(COUNT_COMPARISONS)}


def not_performed(draw: Draw, words: Words) -> Node:
    """No such event."""
    return {"not_performed": event(draw, words), **aged(draw, words)}


def quiet(draw: Draw, words: Words) -> Node:
    """No event for a while."""
    node: Node = {"quiet": draw(st.sampled_from(words.durations))}
    if draw(st.booleans()):
        node["events"] = event(draw, words)
    return node


def ago(draw: Draw, words: Words) -> Node:
    """The last or first one was long ago, or not long ago, or in between."""
    node = {"ago": event(draw, words), **scope(draw, words, since=False, within=False)}
    if draw(SOMETIMES):
        node["which"] = "first"
    durations = sorted(draw(two_durations(words)), key=millis)
    bounds = draw(st.sampled_from(["at_least", "less_than", "both"]))
    if bounds != "less_than":
        node["at_least"] = durations[0]
    if bounds != "at_least" and millis(durations[1]) > millis(durations[0]):
        node["less_than"] = durations[1]
    return node if {"at_least", "less_than"} & node.keys() else {**node, "less_than": durations[0]}


def two_durations(words: Words) -> st.SearchStrategy[list[str]]:
    """Two of the durations, perhaps the same."""
    return st.lists(st.sampled_from(words.durations), min_size=2, max_size=2)


def sequence(draw: Draw, words: Words) -> Node:
    """Two or three steps."""
    steps = []
    for _ in range(draw(st.sampled_from([2, 2, 3]))):
        step = event(draw, words)
        where = {"event": step, "where": draw(WHERES)} if draw(SOMETIMES) else None
        steps.append(step if where is None else where)
    node: Node = {"sequence": steps}
    for key in ("within", "span"):
        if draw(SOMETIMES):
            node[key] = draw(st.sampled_from(words.durations))
    if draw(SOMETIMES):
        node["same"] = draw(PROPERTY)
    return node


def abandoned(draw: Draw, words: Words) -> Node:
    """Begun and not ended, per item or for the whole customer; `for` lies below `within`."""
    wait, window = sorted(draw(two_durations(words)), key=millis)
    about: Node = {"did": event(draw, words), "without": event(draw, words)}
    node: Node = {"abandoned": about}
    bounds = draw(st.sampled_from(["for", "within", "both", "neither"]))
    if bounds in ("within", "both"):
        node["within"] = window
    if bounds == "for" or (bounds == "both" and millis(wait) < millis(window)):
        about["for"] = wait
    if draw(st.booleans()):
        node["same"] = draw(st.sampled_from([*PROPERTIES, "customer", "customer"]))
    if draw(SOMETIMES):
        node["net"] = draw(st.sampled_from(["quantity", "quantity", "price"]))
    if draw(SOMETIMES):
        node["where"] = draw(WHERES)
    if draw(SOMETIMES):
        node["at_least"] = draw(COUNTS)
    return node


def aggregate(draw: Draw, words: Words) -> Node:
    """Totals, averages and extremes of what should be numbers."""
    leaf = draw(st.sampled_from(["total", "total", "average", "largest", "smallest"]))
    node = {leaf: draw(st.sampled_from(["price", "price", "quantity", "tags"]))}
    node["of"] = event(draw, words)
    node |= multiplied(draw)
    if leaf not in ("total", "average"):
        return {**node, **scope(draw, words), **draw(AMOUNT_COMPARISONS)}
    node |= aged(draw, words)
    if draw(SOMETIMES):
        node |= once(draw, words)
    if leaf == "total" and draw(SOMETIMES):
        node["minus"] = minus(draw, words)
    return {**node, **draw(AMOUNT_COMPARISONS)}


def multiplied(draw: Draw) -> Node:
    """A second property to multiply with, or none; at times each event is one value."""
    node: Node = {"each": "event"} if draw(SOMETIMES) else {}
    if draw(st.booleans()):
        node["times"] = draw(st.sampled_from(["quantity", "quantity", "price"]))
    return node


def minus(draw: Draw, words: Words) -> Node:
    """A total to take off."""
    node: Node = {"total": draw(st.sampled_from(["price", "quantity"])), "of": event(draw, words)}
    where = {"where": draw(WHERES)} if draw(SELDOM) else {}
    times = {key: value for key, value in multiplied(draw).items() if key == "times"}
    return {**node, **where, **times}


def ratio(draw: Draw, words: Words) -> Node:
    """A count or a total divided by another."""
    shared = aged(draw, words)
    shared.pop("where", None)
    node: Node = {"ratio": {key: part(draw, words) for key in ("part", "whole")}, **shared}
    if draw(SOMETIMES):
        node["of_at_least"] = draw(st.sampled_from([1, 2, 0.5]))
    key = draw(st.sampled_from(["at_least", "at_most", "above", "below"]))
    return {**node, key: draw(QUOTIENTS)}


def part(draw: Draw, words: Words) -> Node:
    """One part of a ratio."""
    where = {"where": draw(WHERES)} if draw(SOMETIMES) else {}
    kind = draw(st.sampled_from(["events", "events", "per", "distinct", "day", "total", "total"]))
    if kind == "total":
        node: Node = {"total": "price", "of": event(draw, words), **where, **multiplied(draw)}
        if draw(SOMETIMES):
            node |= once(draw, words)
        return {**node, "minus": minus(draw, words)} if draw(SELDOM) else node
    node = {"performed": event(draw, words), **where}
    if kind == "per":
        return {**node, **once(draw, words)}
    if kind == "events":
        return node
    return {**node, "distinct": "day" if kind == "day" else draw(PROPERTY)}


def latest(draw: Draw, words: Words) -> Node:
    """The last or the first value."""
    leaf, name = draw(st.sampled_from(["latest", "first"])), draw(PROPERTY)
    node = {leaf: name, "of": event(draw, words)}
    node |= scope(draw, words, since=False, within=leaf == "latest")
    return {**node, **draw(comparisons_of(name))}


def favours(draw: Draw, words: Words) -> Node:
    """The most frequent value."""
    name = draw(PROPERTY)
    node = {"favours": name, "of": event(draw, words)}
    node |= scope(draw, words, since=False)
    asked = draw(st.sampled_from(["is", "is_not", "in", None]))
    if asked:
        value = BY_KIND[KINDS.get(name)][0]
        several = st.lists(value, min_size=1, max_size=3, unique_by=str)
        node[asked] = draw(several if asked == "in" else value)
    if draw(SOMETIMES):
        node["share"] = draw(SHARES)
    if draw(SOMETIMES):
        node["at_least"] = draw(COUNTS)
    return node


def trait(draw: Draw, words: Words) -> Node:  # noqa: ARG001  traits know no events
    """What a customer is."""
    return {"trait": draw(st.sampled_from(TRAITS)), **draw(COMPARISONS)}


def in_segment(draw: Draw, words: Words) -> Node:
    """A reference to a segment or a tier declared before."""
    node: Node = {"in_segment": draw(st.sampled_from(words.memberships))}
    if draw(st.booleans()):
        node["for"] = draw(st.sampled_from(words.durations))
    return node


def left_segment(draw: Draw, words: Words) -> Node:
    """A segment or a tier declared before that was left lately."""
    node: Node = {"left_segment": draw(st.sampled_from(words.memberships))}
    return {**node, "within": draw(st.sampled_from(words.durations))}


def season(draw: Draw, _words: Words) -> Node:
    """A time of the year, near to when the histories happen, also over New Year."""
    if draw(SOMETIMES):
        first, last = sorted(draw(st.tuples(DATES, DATES)))
        return {"season": {"from": first, "to": last}}
    return {"season": {"from": draw(DAYS), "to": draw(DAYS)}}


def day(draw: Draw, _words: Words) -> Node:
    """A day of its year or of every year, with days before and after it."""
    node: Node = {"trait": "born"}
    for key in ("before", "after"):
        if draw(MOSTLY):
            node[key] = draw(SOME_DAYS)
    return {draw(st.sampled_from(["date", "anniversary"])): node}


def age(draw: Draw, _words: Words) -> Node:
    """Years that some of the dates reach when the histories happen."""
    node: Node = {"age": {"trait": "born"}}
    low, high = sorted(draw(st.tuples(YEARS, YEARS)))
    bounds = draw(st.sampled_from(["at_least", "below", "both"]))
    if bounds != "below":
        node["at_least"] = low
    if bounds != "at_least":
        node["below"] = high
    return node


def predicted(draw: Draw, _words: Words) -> Node:
    """The score of one of the models, near to what the histories make of it."""
    name, scores = draw(st.sampled_from([(MODEL, LIKELIHOODS)] * 2 + [(VALUE_MODEL, WORTHS)]))
    node: Node = {"predicted": name}
    two = st.tuples(st.sampled_from(scores), st.sampled_from(scores))
    low, high = sorted(draw(two), key=scores.index)
    bounds = draw(st.sampled_from(["at_least", "below", "both"]))
    if bounds != "below":
        node["at_least"] = low
    if bounds != "at_least":
        node["below"] = high
    return node


@st.composite
def models(draw: Draw, words: Words) -> Node:
    """The model: for some of its parameters, thresholds are met at whole milliseconds."""
    model: Node = {"model": MODEL, "kind": "bg_nbd", "purchase": event(draw, words)}
    if draw(st.booleans()):
        model["each"] = draw(st.sampled_from(["event", "day"]))
    parameters = {
        "r": draw(st.sampled_from([1, 1, 0.25, 2.5])),
        "alpha": draw(st.sampled_from([1, 0.5, 4.414])),
        "a": draw(st.sampled_from([1, 1, 0.793, 3])),
        "b": draw(st.sampled_from([1, 1, 2.426, 0.5])),
    }
    unit = draw(st.sampled_from(["1s", "1m", "1h", "1d", "7d"]))
    return {**model, "unit": unit, "parameters": parameters}


@st.composite
def value_models(draw: Draw, words: Words) -> Node:
    """The other model: small whole parameters, so that values fall on the thresholds."""
    model: Node = {"model": VALUE_MODEL, "kind": "gamma_gamma", "purchase": event(draw, words)}
    if draw(st.booleans()):
        model["each"] = draw(st.sampled_from(["event", "day"]))
    parameters = {
        "p": draw(st.sampled_from([1, 1, 2, 6.25])),
        "q": draw(st.sampled_from([2, 2, 3, 3.74])),
        "v": draw(st.sampled_from([1, 2, 15.44])),
    }
    value = draw(st.sampled_from(["price", "price", "quantity"]))
    return {**model, "value": value, "parameters": parameters}


LEAVES = (
    performed,
    performed,
    not_performed,
    quiet,
    ago,
    sequence,
    abandoned,
    aggregate,
    aggregate,
    ratio,
    latest,
    favours,
    trait,
    season,
    day,
    day,
    age,
    predicted,
)
