"""What the simulated shop sells: made-up products of made-up brands, some of which are used up."""

from dataclasses import dataclass
from random import Random
from typing import Any, Final, NamedTuple

import orjson

CURRENCY: Final = "EUR"
PER_CATEGORY: Final = 40


class _Category(NamedTuple):
    name: str
    kinds: tuple[str, ...]
    brands: tuple[str, ...]
    low: int
    high: int
    used_up: bool = False


_CATEGORIES: Final = (
    _Category("shoes", ("Runner", "Boot", "Sandal", "Loafer"), ("Nordal", "Kestrel"), 39, 189),
    _Category("clothing", ("Shirt", "Coat", "Jeans", "Jumper"), ("Nordal", "Lindrose"), 15, 249),
    _Category("lamps", ("Desk lamp", "Floor lamp", "Pendant"), ("Halden", "Luxa"), 25, 320),
    _Category("kitchen", ("Knife", "Pan", "Kettle", "Mill"), ("Brava", "Halden"), 12, 160),
    _Category("audio", ("Headphones", "Speaker", "Radio"), ("Sonoro", "Klar"), 29, 390),
    _Category("books", ("Novel", "Guide", "Cookbook"), ("Quill", "Meridian"), 8, 35),
    _Category(
        "coffee", ("Espresso", "Filter roast", "Decaf"), ("Brava", "Altura"), 7, 24, used_up=True
    ),
    _Category("pets", ("Cat food", "Dog food", "Litter"), ("Fidel", "Mauz"), 6, 45, used_up=True),
)


@dataclass(frozen=True, slots=True)
class Product:
    """One product: `properties` as events carry them; `used_up` says that it is bought again.

    `written` is the properties as JSON: most events carry nothing else.
    """

    price: float
    properties: dict[str, Any]
    written: orjson.Fragment
    used_up: bool


def catalogue(random: Random) -> tuple[tuple[Product, ...], ...]:
    """Return the products by category, in each the most popular first."""
    return tuple(
        tuple(_product(random, category, number) for number in range(1, PER_CATEGORY + 1))
        for category in _CATEGORIES
    )


def _product(random: Random, category: _Category, number: int) -> Product:
    brand = random.choice(category.brands)
    # Cheap products are more common than dear ones, and prices end in 95 cents.
    price = category.low + int(random.random() ** 2 * (category.high - category.low)) + 0.95
    properties = {
        "product_id": f"{category.name}-{number}",
        "name": f"{brand} {random.choice(category.kinds)} {number}",
        "category": category.name,
        "brand": brand,
        "price": price,
        "currency": CURRENCY,
    }
    return Product(price, properties, orjson.Fragment(orjson.dumps(properties)), category.used_up)
