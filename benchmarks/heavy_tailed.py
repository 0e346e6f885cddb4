"""The heavy-tailed load: few customers come often, sessions are long, the assortment is wide.

    python benchmarks/heavy_tailed.py [--events N] [--customers N] [--days N] [--seed N]

prints JSON lines in order of time, the same lines for the same arguments. `load` gives every
customer the same number of short sessions and 500 products; here

* the weight of a customer is log-normal: the busiest tenth makes a third of all events;
* a session has 1 to 80 events, 8 on average, and a third of them are about a product that the
  session has met before; one in sixteen is followed by a break of up to five hours;
* a new product is drawn from 5,000 by a square law: the first 50 are drawn more than ten times as
  often as 50 in the middle.

Every line carries `appended`, the time at which a log would have taken the event in, so that log
time is the time of the events. The last event is at `end`.
"""

import argparse
import random
import sys
from collections.abc import Iterator
from itertools import accumulate
from typing import Final, NamedTuple

import orjson

EVENTS: Final = 400_000
EVENTS_PER_CUSTOMER: Final = 20
DAYS: Final = 120
PRODUCTS: Final = 5_000
END: Final = 1_770_000_000_000
DAY: Final = 24 * 3_600_000
LONGEST_SESSION: Final = 80
FURTHER_EVENTS: Final = 7
MINUTE: Final = 60_000
NAMES: Final = {
    "product_viewed": 70,
    "page_viewed": 10,
    "product_added": 10,
    "product_removed": 2,
    "checkout_started": 4,
    "order_completed": 4,
}
CATEGORIES: Final = ("boots", "sandals", "socks", "jackets", "gloves", "scarves", "belts", "tents")


class Product(NamedTuple):
    """What the events of a product say about it."""

    product_id: str
    category: str
    price: float


class Step(NamedTuple):
    """One event of a session; the fields sort it by time."""

    time: int
    number: int
    customer: int
    name: str
    product: int
    quantity: int


def lines(
    events: int = EVENTS,
    customers: int | None = None,
    days: int = DAYS,
    seed: int = 1,
    end: int = END,
) -> Iterator[bytes]:
    """Yield so many events as JSON lines, in order of time, the last one at `end` (ms)."""
    chance = random.Random(seed)
    assortment = [product(number, chance) for number in range(PRODUCTS)]
    steps = visits(events, customers or max(1, events // EVENTS_PER_CUSTOMER), days, chance)
    shift = end - steps[-1].time
    for position, step in enumerate(steps):
        time = step.time + shift
        event = {
            "id": f"heavy-{position:09}",
            "name": step.name,
            "time": time,
            "user_id": f"shopper-{step.customer:07}",
            "properties": assortment[step.product]._asdict() | {"quantity": step.quantity},
            "appended": time,
        }
        yield orjson.dumps(event) + b"\n"


def product(number: int, chance: random.Random) -> Product:
    """Return a product with its category and a price from 2 to 1,000, in the middle about 36."""
    price = min(1_000.0, max(2.0, chance.lognormvariate(3.6, 0.8)))
    return Product(f"product-{number:04}", chance.choice(CATEGORIES), round(price, 2))


def visits(events: int, customers: int, days: int, chance: random.Random) -> list[Step]:
    """Return the events of sessions in order of time; each customer has one session at least."""
    weights = list(accumulate(chance.lognormvariate(0, 1) for _ in range(customers)))
    everybody = range(customers)
    steps: list[Step] = []
    first_visits = iter(chance.sample(everybody, customers))
    while len(steps) < events:
        customer = next(first_visits, None)
        if customer is None:
            (customer,) = chance.choices(everybody, cum_weights=weights)
        steps += session(customer, chance.randrange(days * DAY), len(steps), chance)
    return sorted(steps[:events])


def session(customer: int, time: int, number: int, chance: random.Random) -> Iterator[Step]:
    """Yield the events of one session, numbered from `number` on."""
    names, shares = list(NAMES), list(NAMES.values())
    length = min(LONGEST_SESSION, 1 + int(chance.expovariate(1 / FURTHER_EVENTS)))
    met: list[int] = []
    for position, name in enumerate(chance.choices(names, shares, k=length)):
        if not met or chance.random() > 1 / 3:
            met.append(int(PRODUCTS * chance.random() ** 2))
            chosen = met[-1]
        else:
            chosen = chance.choice(met)
        quantity = 2 if chance.random() < 1 / 8 else 1
        yield Step(time, number + position, customer, name, chosen, quantity)
        pause = chance.expovariate(1 / (MINUTE * 3 / 4))
        if chance.random() < 1 / 16:
            pause += chance.uniform(20, 300) * MINUTE
        time += 1_000 + int(pause)


def main() -> None:
    """Print the lines."""
    parser = argparse.ArgumentParser(
        description="Print the events of the heavy-tailed load as JSON lines.",
        epilog="example: python benchmarks/heavy_tailed.py --events 1000 > events.jsonl",
    )
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--customers", type=int, help="one for 20 events if not stated")
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    found = lines(chosen.events, chosen.customers, chosen.days, chosen.seed)
    sys.stdout.buffer.writelines(found)


if __name__ == "__main__":
    main()
