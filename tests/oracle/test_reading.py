"""Which lines are events, and when (1, 2)."""

import json

import pytest

from tests.oracle.reading import Event, NoEventError, read_event

TIME = 1_767_225_600_000


def line(**others: object) -> bytes:
    return json.dumps({"id": "e", "name": "a", "time": TIME, "user_id": "u", **others}).encode()


def read(**others: object) -> Event:
    return read_event(line(**others), 1)


@pytest.mark.parametrize(
    ("user", "anonymous", "customer"),
    [("u", "a", "u"), ("", "a", "a"), (None, "a", "a"), ("u", None, "u")],
)
def test_the_customer_is_the_user_if_there_and_not_empty(
    user: str | None, anonymous: str | None, customer: str
) -> None:
    assert read(user_id=user, anonymous_id=anonymous).customer == customer


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-01-01T00:00:00Z", TIME),
        ("2026-01-01T00:00:00.001Z", TIME + 1),
        ("2026-01-01T00:00:00.0019999Z", TIME + 1),
        ("2026-01-01T01:30:00.5+01:30", TIME + 500),
        ("2025-12-31T19:00:00-05:00", TIME),
        (TIME, TIME),
        (float(TIME), TIME),
        (631_152_000_000, 631_152_000_000),
        (4_133_980_799_999, 4_133_980_799_999),
        ("1990-01-01T00:00:00+05:00", 631_152_000_000 - 5 * 3_600_000),
        ("2100-12-31T23:59:59.999-01:00", 4_133_980_799_999 + 3_600_000),
    ],
)
def test_times_are_read_to_the_millisecond(written: object, instant: int) -> None:
    assert read(time=written).time == instant


@pytest.mark.parametrize(
    "written",
    [
        None,
        True,
        TIME + 0.5,
        TIME // 1000,
        631_151_999_999,
        4_133_980_800_000,
        "2026-01-01T00:00:00",
        "2026-02-30T00:00:00Z",
        "2101-01-01T00:00:00+05:00",
        "1989-12-31T23:00:00-05:00",
        "0001-01-01T00:00:00Z",
        "9999-01-01T00:00:00Z",
        "yesterday",
        str(TIME),
    ],
)
def test_what_is_no_time_of_ours_is_no_event(written: object) -> None:
    with pytest.raises(NoEventError):
        read(time=written)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"NaN",
        line(properties={"x": float("nan")}),
        line(properties={"x": float("inf")}),
        line().replace(b'"a"', b'"a", "properties": {"x": 1e400}'),
        line().replace(b'"a"', b'"a", "properties": {"x": ' + b"9" * 5000 + b"}"),
        line(properties={"x": "\ud800"}),
        line(id="\ud800"),
        b"[" * 100_000 + b"]" * 100_000,
        line().replace(b'"a"', b'"a", "properties": {"x": ' + b"[" * 40 + b"]" * 40 + b"}"),
        line(properties={"x": "x" * (1 << 20)}),
        line(id=None),
        line(id=""),
        line(id=7.5),
        line(id="x" * 257),
        line(id="a\nb"),
        line(id="a\0b"),
        line(user_id=None),
        line(user_id="x" * 257),
        line(user_id=True),
        line(name="Product Added"),
        line(name=None),
        line(name="a\n"),
        line(properties=[]),
        line(traits=[1]),
        line(traits="x"),
        line(properties={"products": {}}),
        line(properties={"products": [{}, 1]}),
        line(appended="yesterday"),
    ],
)
def test_poison_is_no_event(raw: bytes) -> None:
    with pytest.raises(NoEventError):
        read_event(raw, 1)


def test_odd_values_make_no_event_invalid() -> None:
    odd = {"price": "12", "quantity": True, "brand": {}, "tags": [[], None], "products": [{}]}
    assert read(properties=odd).properties == odd
    assert read(properties=None, traits=None).traits == {}
    assert read(properties={"products": None}).products == []


def test_repeated_keys_the_last_wins() -> None:
    assert read_event(line().replace(b'"a"', b'"a", "name": "b"'), 1).name == "b"
    assert read_event(line().replace(b'"a"', b'"a", "name": "b", "id": "f"'), 1).id == "f"


def test_32_levels_are_not_too_deep() -> None:
    deep: object = 1
    for _ in range(30):
        deep = [deep]
    assert read(properties={"x": deep}).properties
    assert read(properties={"x": "[" * 99}).properties
