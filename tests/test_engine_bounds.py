"""The engine agrees with the oracle right up to what each leaf must be exact for.

Random histories are far too short for that: a thousand events in a window, 256 values or ids.
"""

import json

import pytest

from tests.engine import compiled, engine_run
from tests.oracle import oracle_run
from tests.oracle.shop import START, D, M, by, header, lines, on, segment
from tests.oracle.values import Node
from tests.strategies import documents_to_yaml

EVENTS = 1_000
VALUES = 256


def agree(documents: list[Node], history: list[bytes], until: int) -> int:
    """Both say the same; how much that is."""
    judged = oracle_run(documents, history, START + until)
    answer = engine_run(compiled(documents_to_yaml(documents)), history, START + until)
    assert answer.rejected == judged.rejected
    assert answer.changes == judged.changes
    return sum(map(len, judged.changes.values()))


@pytest.mark.parametrize(
    "leaf",
    [
        {"total": "price", "at_least": 1_098, "times": "quantity"},
        {"average": "price", "above": 1.1},
        {"favours": "product_id", "is": "odd", "at_least": EVENTS // 2},
    ],
    ids=lambda leaf: next(iter(leaf)),
)
def test_a_thousand_events_in_a_window(leaf: Node) -> None:
    happenings = [
        on(at, "product_viewed", price=1.1, product_id=["odd", "even"][at % 2], quantity=1)
        for at in range(EVENTS - 1)
    ]
    happenings.append(on(EVENTS, "page_viewed", price=9))
    happenings.append(on(M - 1, "product_viewed", price=1.2, product_id="odd"))
    when = gated({**leaf, "of": "product_viewed", "within": "1m"})
    assert agree([segment("s", when)], lines(*happenings), M + 5)


def gated(leaf: Node) -> Node:
    """The leaf, to be asked from the first page on: before, the oracle would take minutes."""
    return {"all": [{"performed": "page_viewed"}, leaf]}


@pytest.mark.parametrize(
    "when",
    [
        {"performed": "product_viewed", "same": "product_id", "at_least": 2, "within": "1m"},
        {
            "performed": "product_viewed",
            "distinct": "product_id",
            "at_least": VALUES,
            "within": "1m",
        },
        {"performed": "product_viewed", "distinct": "product_id", "is": VALUES, "within": "1m"},
        {
            "abandoned": {"did": "product_viewed", "without": "product_added", "for": "30s"},
            "within": "1m",
        },
        {"favours": "product_id", "of": "product_viewed", "within": "1m", "is": "p0"},
        {
            "sequence": ["product_viewed", "product_added"],
            "same": "product_id",
            "within": "1m",
        },
    ],
    ids=["same", "distinct", "distinct is", "abandoned", "favours", "sequence"],
)
def test_many_different_values(when: Node) -> None:
    viewed = [on(at, "product_viewed", product_id=f"p{at}") for at in range(VALUES)]
    again = on(VALUES, "product_viewed", product_id="p0")
    added = [on(300 + at, "product_added", product_id=f"p{at}") for at in range(VALUES - 2)]
    page = on(550, "page_viewed")
    assert agree([segment("s", gated(when))], lines(*viewed, again, *added, page), M + 5)


@pytest.mark.parametrize("between", [VALUES - 1, VALUES])
def test_the_ring_of_ids(between: int) -> None:
    counted = segment("s", {"performed": "product_viewed", "at_least": 2})
    first = by(on(0, "product_viewed"), id="x")
    others = [on(at, "page_viewed") for at in range(1, between + 1)]
    history = lines(first, *others, by(on(between, "product_viewed"), id="x"))
    assert (agree([counted], history, D) == 1) == (between == VALUES)


def test_the_ring_of_ids_counts_those_that_are_too_old_to_matter() -> None:
    rules = [
        header(max_lateness="1s"),
        segment("s", {"performed": "product_viewed", "at_least": 3}),
    ]
    old = [by(on(0, "page_viewed"), id=f"old{n}") for n in range(200)]
    seen = by(on(10_000, "product_viewed"), id="x")
    late = [by(on(9_000, "page_viewed"), id=f"old{n}") for n in range(200)]
    for more in (55, 56):
        history = [*old, seen, *late, *(on(10_000, "page_viewed") for _ in range(more)), seen]
        agree(rules, lines(*history), D)


def test_megabytes_and_depth() -> None:
    counted = [segment("s", {"performed": "product_viewed"})]
    good = lines(on(0, "product_viewed", note="x"))[0]
    largest = good.replace(b'"x"', b'"' + b"x" * ((1 << 20) - len(good) + 1) + b'"')
    deepest = json.loads(good)
    deepest["properties"]["note"] = json.loads("[" * 30 + "]" * 30)
    deepest_line = json.dumps(deepest).encode()
    assert len(largest) == 1 << 20
    for line in (largest, deepest_line):
        assert agree(counted, [line], D) == 1
    for line in (largest + b" ", deepest_line.replace(b"[", b"[[", 1).replace(b"]", b"]]", 1)):
        assert agree(counted, [line], D) == 0
