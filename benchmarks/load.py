"""The events that every figure is measured with: shoppers in sessions, the same for every seed.

    python benchmarks/load.py [CUSTOMERS] > events.jsonl

20,000 customers come four times in 30 days and do five things each time, so 400,000 events: 70 %
product_viewed, 10 % page_viewed, 10 % product_added, 2 % product_removed, 4 % checkout_started,
4 % order_completed. In a session a customer looks at three products, seconds to minutes apart.
"""

import random
import sys
from collections.abc import Iterator

import orjson

CUSTOMERS = 20_000
SESSIONS = 4
STEPS = 5
START = 1_760_000_000_000
SPAN = 30 * 24 * 3_600_000
NAMES = (
    ["product_viewed"] * 70
    + ["page_viewed"] * 10
    + ["product_added"] * 10
    + ["product_removed"] * 2
    + ["checkout_started"] * 4
    + ["order_completed"] * 4
)


def lines(customers: int = CUSTOMERS, seed: int = 1) -> Iterator[bytes]:
    """Yield the events as JSON lines, in order of time."""
    chance = random.Random(seed)
    visits = []
    for customer in range(customers):
        for _ in range(SESSIONS):
            time = START + chance.randrange(SPAN)
            products = [chance.randrange(500) for _ in range(3)]
            for _ in range(STEPS):
                time += chance.randrange(5_000, 180_000)
                visits.append((time, customer, chance.choice(NAMES), chance.choice(products)))
    visits.sort()
    for number, (time, customer, name, product) in enumerate(visits):
        event = {
            "id": f"evt-{number:08}-{customer:05}",
            "name": name,
            "time": time,
            "user_id": f"user-{customer:06}",
            "anonymous_id": f"anon-{customer:06}",
            "properties": {
                "product_id": f"prod-{product:04}",
                "category": "shoes",
                "brand": "acme",
                "price": 5 + product * 0.35,
                "quantity": 1,
                "currency": "EUR",
            },
        }
        yield orjson.dumps(event) + b"\n"


if __name__ == "__main__":
    sys.stdout.buffer.writelines(lines(int(sys.argv[1]) if sys.argv[1:] else CUSTOMERS))
