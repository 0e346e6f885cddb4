"""`streamer thresholds`: what the best customers have, so that a rule can say it."""

from pathlib import Path
from typing import Any

import pytest

from streamer.types import DAY
from tests.cli.shop import event, run, shop


def order(number: int, price: float, currency: str = "EUR", at: int = 400 * DAY) -> bytes:
    properties: dict[str, Any] = {"currency": currency, "products": [{"price": price}]}
    more: dict[str, Any] = {"name": "order_completed", "properties": properties}
    return event(number, at, f"u-{number % 20}", **more)


ORDERS = [order(n, n + 0.5) for n in range(1, 21)]


@pytest.mark.parametrize(
    ("measure", "best"),
    [
        ("total price of order_completed within 365d", ["20.5", "19.5", "17.5"]),
        ("total price of order_completed where currency is EUR", ["1020.5", "19.5", "17.5"]),
        ("total price of order_completed", ["1020.5", "919.5", "17.5"]),
        ("number of order_completed or product_added", ["2", "2", "1"]),
    ],
)
def test_what_the_best_have(tmp_path: Path, measure: str, best: list[str]) -> None:
    old = order(40, 1000, at=0), order(39, 900, "GBP", at=0)
    events, _ = shop(tmp_path, *ORDERS, ORDERS[0], b"no", *old)
    result = run("thresholds", events, "--of", measure)
    assert result.exit_code == 0, result.stderr
    rows = [line for line in result.stdout.splitlines() if "the best" in line]
    sizes = ("5% (1 customer)", "10% (2 customers)", "20% (4 customers)")
    expected = zip(sizes, best, strict=True)
    assert rows == [f"  the best {size} have {least} or more" for size, least in expected]
    assert "2 rejected (1 invalid, 1 duplicate)" in result.stdout


@pytest.mark.parametrize(
    ("measure", "least"),
    [
        ("total price of order_completed", "80.9"),
        ("total price of order_completed where currency is EUR", "80.9"),
        ("total price of order_completed where category is shoes", "19.9"),
        ("total price times quantity of order_completed", "120.7"),
        ("number of order_completed where product_id is 7", "1"),
        ('number of order_completed where product_id is "7"', "1"),
        ("number of order_completed where context.locale is ro", "1"),
        ("number of order_completed where size is 41", "1"),
        ("number of order_completed where gift is true", "1"),
    ],
)
def test_properties_are_read_as_rules_read_them(tmp_path: Path, measure: str, least: str) -> None:
    shoes = {"price": "19.90", "category": "shoes", "product_id": 7, "size": 41, "quantity": 3}
    hat = {"price": "61", "category": "hats", "gift": True}
    properties = {"currency": "eur", "products": [shoes, hat]}
    bought: dict[str, Any] = {"name": "order_completed", "properties": properties}
    events, _ = shop(tmp_path, event(1, 0, "u-1", context={"locale": "ro"}, **bought))
    result = run("thresholds", events, "--of", measure)
    assert f"  the best 5% (1 customer) have {least} or more" in result.stdout


def test_an_event_that_never_occurs_is_named(tmp_path: Path) -> None:
    events, _ = shop(tmp_path, *ORDERS)
    result = run("thresholds", events, "--of", "number of order_complete or order_completed")
    assert "no event is called order_complete: did you mean order_completed?" in result.stdout
    result = run("thresholds", events, "--of", "number of kauf")
    assert "no event is called kauf: there are order_completed" in result.stdout


def test_a_property_that_no_event_has_is_named(tmp_path: Path) -> None:
    events, _ = shop(tmp_path, *ORDERS)
    result = run("thresholds", events, "--of", "total prize of order_completed")
    assert "no order_completed has prize: did you mean price?" in result.stdout
    result = run("thresholds", events, "--of", "number of order_completed where curency is EUR")
    assert "no order_completed has curency: " in result.stdout


def test_what_the_property_held_instead_is_said(tmp_path: Path) -> None:
    bought: dict[str, Any] = {"name": "order_completed"}
    lines = [
        event(n, n, properties={"products": [{"price": 5, "currency": code}]}, **bought)
        for n, code in enumerate(("GBP", "GBP", "USD"))
    ]
    events, _ = shop(tmp_path, *lines)
    result = run(
        "thresholds", events, "--of", "total price of order_completed where currency is EUR"
    )
    assert "currency was GBP 2x, USD 1x" in result.stdout
    result = run(
        "thresholds", events, "--of", "total price of order_completed where currency is gbp"
    )
    assert (result.exit_code, "write GBP" in result.stderr) == (2, True)


def test_nothing_to_measure_is_said_and_nothing_readable_is_a_finding(tmp_path: Path) -> None:
    events, _ = shop(tmp_path, *ORDERS)
    result = run("thresholds", events, "--of", "total tax of order_completed")
    assert (result.exit_code, "0 customers with a value" in result.stdout) == (0, True)
    events, _ = shop(tmp_path, b"no")
    result = run("thresholds", events, "--of", "total tax of order_completed")
    assert result.exit_code == 1
    assert "no line was accepted" in result.stdout


@pytest.mark.parametrize("text", ["price", "total of x", "number of x within soon"])
def test_what_is_no_measure_is_wrong_usage(tmp_path: Path, text: str) -> None:
    events, _ = shop(tmp_path, *ORDERS)
    result = run("thresholds", events, "--of", text)
    assert result.exit_code == 2
    assert "is no measure: expected one such as" in result.stderr


def test_with_identity_what_a_visitor_bought_counts_for_the_user(tmp_path: Path) -> None:
    bought = {"name": "order_completed", "properties": {"price": 10}}
    visitor = event(1, 0, "", anonymous_id="a-1", **bought)
    login = event(2, DAY, "u-1", anonymous_id="a-1", **bought)
    events, _ = shop(tmp_path, visitor, login)
    asked = ("thresholds", events, "--of", "total price of order_completed")
    assert "2 customers with a value" in run(*asked).stdout
    result = run(*asked, "--identity", "last")
    assert "1 customer with a value" in result.stdout
    assert "have 20 or more" in result.stdout
