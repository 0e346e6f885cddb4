"""Customers who buy as the BG/NBD model says, with known parameters, and their events."""

import json
import random
from collections.abc import Iterator

from streamer.instants import iso
from streamer.types import DAY, WEEK

START = 1_767_225_600_000
"""2026-01-01T00:00 in UTC."""


def purchases(
    customers: int,
    weeks: int,
    seed: int,
    r: float = 0.5,
    alpha: float = 3,
    a: float = 1,
    b: float = 3,
) -> Iterator[tuple[str, int]]:
    """Yield customer and instant of each purchase; all first purchases fall into four weeks."""
    chance = random.Random(seed)  # noqa: S311  a seed, not secrecy
    for number in range(customers):
        rate = chance.gammavariate(r, 1 / alpha)
        leaving = chance.betavariate(a, b)
        at = START + chance.randrange(28 * DAY)
        yield f"u-{number}", at
        while True:
            at += max(1, round(chance.expovariate(max(rate, 1e-9)) * WEEK))
            if at >= START + weeks * WEEK:
                break
            yield f"u-{number}", at
            if chance.random() < leaving:
                break


def lines(customers: int, weeks: int, seed: int) -> bytes:
    """The purchases as an events file, in no order of time."""
    found = [
        {"id": f"o-{nth}", "name": "order_completed", "time": at, "user_id": customer}
        for nth, (customer, at) in enumerate(purchases(customers, weeks, seed))
    ]
    return b"".join(json.dumps(one).encode() + b"\n" for one in found)


def orders(customers: int, weeks: int, seed: int) -> str:
    """The purchases as rows of order, when and customer."""
    rows = [
        f"o-{nth},{iso(at)[:10]},{customer}"
        for nth, (customer, at) in enumerate(purchases(customers, weeks, seed))
    ]
    return "\n".join(("order,when,customer", *rows)) + "\n"
