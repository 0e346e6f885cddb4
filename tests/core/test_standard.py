"""Standard properties have a kind, whatever the SDK of a shop makes of them."""

from typing import Any

import pytest

from streamer.core.leaves.aggregate import Aggregate
from streamer.core.leaves.performed import Performed
from streamer.core.rules.spec import Clause, Comparison, Scope
from streamer.core.standard import (
    CURRENCY,
    NUMBER,
    TEXT,
    kinds_of,
    number_of,
    standardised,
    text_of,
)
from tests.core.shopper import Shopper, on

WANTED = kinds_of(["price", "quantity", "product_id", "currency", "category"])
ABSENT = (Clause("price", (Comparison("exists", operand=False),)),)


def read(properties: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    unusable: dict[str, Any] = {}
    own, products = standardised(properties, WANTED, unusable)
    return own, products, unusable


def test_only_standard_properties_have_a_kind() -> None:
    expected = [
        *(("currency", CURRENCY), ("price", NUMBER), ("product_id", TEXT), ("quantity", NUMBER))
    ]
    assert expected == WANTED
    assert kinds_of(["products.price", "context.price", "at.hour"]) == []


@pytest.mark.parametrize(
    ("value", "number"),
    [
        *((19.9, 19.9), (7, 7), ("19.90", 19.9), ("7", 7), (" -7 ", -7), (".5", 0.5), ("5.", 5)),
        *(("-.5", -0.5), ("007", 7), ("9" * 19, 9999999999999999999), ("9" * 30, 1e30)),
        *(("12,50", None), ("1e2", None), ("", None), (" ", None), (".", None), ("-", None)),
        *(
            ("+5", None),
            ("1.2.3", None),
            ("- 5", None),
            ("5\t", None),
            ("٣", None),
            ("9" * 400, None),
        ),
        *((True, None), ({}, None), ("5 EUR", None), ("1_0", None), ("0x1", None), ("nan", None)),
    ],
)
def test_a_number_is_a_number_or_its_digits(value: object, number: float | None) -> None:
    found = number_of(value)
    assert found == number
    assert not isinstance(found, bool)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *(("a", "a"), ("", ""), (39910, "39910"), (7.0, "7"), (-0.0, "0"), (-3, "-3")),
        *((2.0**53, "9007199254740992"), (2.0**53 + 2, None), (10**22, "1" + 22 * "0")),
        *((7.5, None), (True, None), ({}, None), (1e22, None)),
    ],
)
def test_an_id_is_a_text_or_the_digits_of_a_whole_number(value: object, text: str | None) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(("value", "text"), [("eur", "EUR"), ("Eur", "EUR"), (5, None)])
def test_a_currency_is_in_upper_case(value: object, text: str | None) -> None:
    assert text_of(value, CURRENCY) == text


def test_what_the_event_carries_itself_is_read_there_alone() -> None:
    own, products, unusable = read(
        {"price": "12,50", "products": [{"price": "x", "product_id": 5}, {"product_id": 7.5}]}
    )
    assert own["price"] == []
    assert products == [{"price": [], "product_id": "5"}, {"product_id": []}]
    assert unusable == {"price": "12,50", "product_id": 7.5}


def test_lists_are_read_one_by_one_and_objects_are_left_to_whoever_descends() -> None:
    own, _, unusable = read({"price": ["1.5", [2, "x"], {"amount": 3}], "currency": ["eur", None]})
    assert own == {"price": [1.5, [2, []], {"amount": 3}], "currency": ["EUR", None]}
    assert unusable == {"price": "x"}


def test_neither_the_event_nor_its_products_are_changed() -> None:
    properties = {"price": "5", "products": [{"product_id": 5}]}
    own, products, _ = read(properties)
    assert (own["price"], products) == (5, [{"product_id": "5"}])
    assert properties == {"price": "5", "products": [{"product_id": 5}]}
    plain = {"price": 5}
    assert read(plain)[0] is plain


def test_what_is_of_no_use_is_no_value_but_the_products_are_not_asked() -> None:
    shopper = Shopper(Performed(Scope(("seen",), ABSENT), at_least=1))
    assert shopper.does(on(0, price="12,50", products=[{"price": 5}])) == [(0, "+s")]


def test_an_event_says_once_which_of_the_properties_that_its_rules_read_are_of_no_use() -> None:
    scope = Scope(("seen",), (Clause("product_id", (Comparison("is", "a"),)),))
    spent = Aggregate("total", "price", scope, (Comparison("at_least", 1),), "units")
    shopper = Shopper(spent)
    odd = on(0, price="12,50", product_id=[7.5, True], position="x", products=[{"price": "y"}])
    assert shopper.decides(odd).unusable == {"price": "12,50", "product_id": 7.5}
    assert shopper.decides(odd._replace(name="other")).unusable == {}
    assert shopper.decides(on(0, price=5, product_id="a", units="2")).unusable == {"units": ["2"]}
