"""What the lines of a history carry: bodies of events, odd ones too, and lines that are no events.

A history draws a few bodies and uses them again and again. A move says which of them comes next,
from whom, how far from an earlier event, and with which append time.
"""

import json
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.strategies.conditions import Draw
from tests.strategies.words import Node


def odd(*values: list[Any]) -> st.SearchStrategy[Any]:
    """One of the values; the usual ones stand there more than once."""
    return st.sampled_from([value for some in values for value in some])


PRODUCT_IDS = odd(
    ["a", "a", "a", "a", "b", "b", "b", "ab", None, {}, [], ["a", "b"], True],
    [1, 1.0, "1", 7, 7.0, 7.5, [7, "a", 2.5], 1e22, 10**22, 2.0**53, 2.0**53 + 2, 2**63 + 1],
)
CURRENCIES = odd(["EUR", "EUR", "eur", "Eur", "USD", 5, True, None, [], ["usd", 1, "EUR"]])
PRICES = odd(
    [1, 1, 2, 2, 3, 3, 5, 2.5, 0.1, 0.2, 2.0, -1, 0, -0.0],
    [1e11, 1e11 + 1, -1e11 - 1, 0.03125, 0.00005, 1e22, 10**22, 1e-300],
    ["2", "2.50", " -1", "3.", ".1", True, None, {}, [], [1, [2.5]], ["2", "12,50", 0.1]],
    ["12,50", "1e2", "", ".", "\u0661", "+2", "1 000", "9" * 400, "2\t"],
)
QUANTITIES = odd(
    [1, 2, 2, 2, 3, 3, 2.0, 0, 2.5, -1, 0.1, 0.00005, None, None],
    ["2", "2.5 ", "x", True, [2, 3], ["x", 2], [], {}, 1e11, 1e11 + 1],
)
CATEGORIES = odd(["a", "a", "a", "b", "b", "ab", True, None, ["b", "a"], ["a", "a", "b"], 2])
LOOKS = odd(
    [{"colour": "a"}, {"colour": "a"}, {"colour": "b"}, {"colour": ["b", "a"]}, {"colour": None}],
    [[{"colour": "b"}, [{"colour": "a"}]], {"colour": []}, {}, "a", None],
)
TAGS = odd([["a", "b"], ["a", "b"], [["b"], "ab"], [], [None], "a", [1, 2.5], 2, {"x": "a"}])
BORN = odd(
    ["2000-01-01", "2000-01-02", "1999-12-31", "2000-02-29", "2000-03-29", "2000-10-25"],
    [["2001-03-30", "2000-10-24"], ["x", "2001-01-03"], "2027-01-01", "1026-01-02"],
    ["2026-01-01", "2026-01-02", "2026-03-29", "2026-03-30", "2026-10-25", "2026-10-24"],
    [
        "2000-02-30",
        "2000-1-1",
        "2000-01-01T00:00Z",
        "2026-01-02T",
        "2026-01-02 ",
        20000101,
        None,
        [],
        {},
    ],
)
TRAITS: st.SearchStrategy[Node] = st.fixed_dictionaries(
    {"plan": odd(["a", "a", "a", "b", "b", None, ["a", "b"], [], {}, 1, True])},
    optional={
        "score": odd([1, 2, 2, 3, 2.5, 0, -0.0, None, "2", [1, 3]]),
        "home.city": odd(["a", "b", None]),
        "home": st.just({"city": "a"}),
        "born": BORN,
    },
)
PRODUCT: st.SearchStrategy[Node] = st.fixed_dictionaries(
    {"product_id": PRODUCT_IDS, "price": PRICES, "category": CATEGORIES},
    optional={"quantity": QUANTITIES, "look": LOOKS, "tags": TAGS, "currency": CURRENCIES},
)
PROPERTIES: st.SearchStrategy[Node | None] = st.one_of(
    PRODUCT,
    st.fixed_dictionaries({"products": st.lists(PRODUCT, max_size=3)}),
    st.builds(
        lambda own, products: {**own, "products": products},
        st.fixed_dictionaries(
            {},
            optional={
                "price": PRICES,
                "quantity": QUANTITIES,
                "tags": TAGS,
                "currency": CURRENCIES,
            },
        ),
        st.lists(PRODUCT, min_size=1, max_size=2),
    ),
    st.sampled_from([None, {}, {"products": None, "price": 2}]),
)

GOOD: Node = {"id": "p", "name": "page_viewed", "time": 1_767_225_600_000, "user_id": "c1"}


def poison(key: str, raw: bytes) -> bytes:
    """A good line but for the raw bytes of one of its values."""
    kept = json.dumps({name: value for name, value in GOOD.items() if name != key}).encode()
    return kept[:-1] + b', "' + key.encode() + b'": ' + raw + b"}"


POISON = (
    b"",
    b"{",
    b"\xff\xfe",
    b"[]",
    b'"e1"',
    poison("time", b"NaN"),
    poison("time", b"1700000000"),
    poison("time", b'"0001-01-01T00:00:00Z"'),
    poison("time", b"true"),
    poison("time", b"null"),
    poison("time", b"1767225600000.5"),
    poison("id", b'""'),
    poison("id", b'"a\\nb"'),
    poison("id", b'"\\ud800"'),
    poison("id", b"7.5"),
    poison("name", b'"Page Viewed"'),
    poison("user_id", b'""'),
    poison("user_id", b"7.5"),
    poison("traits", b"[]"),
    poison("properties", b"[]"),
    poison("properties", b'{"products": [1]}'),
    poison("properties", b'{"price": 1e400}'),
    poison("properties", b'{"price": ' + b"9" * 5_000 + b"}"),
    poison("properties", b'{"tags": ' + b"[" * 40 + b"]" * 40 + b"}"),
)


class Move(NamedTuple):
    """One line to come; its numbers choose from lists that depend on the rules and the past."""

    body: int
    who: int
    anchor: int
    distance: int
    form: int
    lag: int


MOVES = st.builds(
    Move,
    body=st.integers(0, 5),
    who=st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3]),
    anchor=st.sampled_from([0, 0, 0, 1, 1, 2, 3, 5]),
    distance=st.integers(0, 59),
    form=st.integers(0, 23),
    lag=st.integers(0, 31),
)


CONTEXTS = odd(
    [{"locale": "a"}, {"locale": "b"}, {"campaign": {"name": "a"}, "locale": ["a", "b"]}],
    [
        {"campaign": {"name": 1}},
        {"campaign": "a"},
        {"locale": None},
        {},
        None,
        "a",
        [{"locale": "a"}],
    ],
)


@st.composite
def bodies(draw: Draw, names: list[str]) -> Node:
    """A body: what an event says, without its id, time and customer."""
    body: Node = {"name": draw(st.sampled_from(names))}
    properties = draw(PROPERTIES)
    if properties is not None:
        body["properties"] = properties
    if draw(st.integers(0, 2)) == 1:
        body["context"] = draw(CONTEXTS)
    if body["name"] == "identified" or draw(st.integers(0, 2)) == 1:
        body["traits"] = draw(TRAITS)
    return body
