"""Properties of an event's time and of its context."""

from typing import Any

import pytest

from streamer.core.leaves.aggregate import Aggregate
from streamer.core.leaves.latest import Latest
from streamer.core.leaves.performed import Performed
from streamer.core.rules.spec import Clause, Comparison, Header, Operator, Scope
from streamer.types import HOUR
from tests.core.shopper import Shopper, compiled, on

SEEN = ("seen",)
NEW_YORK = Header(zone="America/New_York")


def asked(name: str, operator: Operator, operand: Any) -> Performed:  # noqa: ANN401  any value
    return Performed(Scope(SEEN, (Clause(name, (Comparison(operator, operand),)),)), at_least=1)


@pytest.mark.parametrize(
    ("question", "utc", "there"),
    [
        (asked("at.weekday", "is", "thursday"), True, False),
        (asked("at.weekday", "in", ("wednesday", "sunday")), False, True),
        (asked("at.weekday", "is_not", "thursday"), False, True),
        (asked("at.hour", "is", 0), True, False),
        (asked("at.hour", "at_least", 19), False, True),
        (asked("at.month", "is", 12), False, True),
        (asked("at.date", "is", "2026-01-01"), True, False),
        (asked("at.date", "below", "2026-01-01"), False, True),
        (asked("at.date", "at_most", "2025-12-31"), False, True),
        (asked("at.date", "starts_with", "2025-12"), False, True),
        (asked("at.date", "exists", operand=False), False, False),
        (Latest("at.hour", SEEN, (Comparison("above", 18),)), False, True),
    ],
)
def test_the_time_is_read_in_the_zone(question: Any, utc: bool, there: bool) -> None:  # noqa: ANN401, FBT001
    for header, holds in ((Header(), utc), (NEW_YORK, there)):
        assert bool(Shopper(question, header=header).does(on(0, hour=5))) is holds


def test_different_dates_are_counted_in_the_zone() -> None:
    question = Performed(Scope(SEEN), "distinct", "at.date", at_least=2)
    for header, entered in ((Header(), 24 * HOUR), (NEW_YORK, 6 * HOUR)):
        shopper = Shopper(question, header=header)
        assert shopper.does(*(on(at * HOUR) for at in (0, 6, 24))) == [(entered, "+s")]


def test_what_reads_the_time_is_another_cell_in_another_zone() -> None:
    dated, plain = asked("at.hour", "is", 0), asked("hour", "is", 0)
    keys = [compiled(dated, header=header).cell_keys for header in (Header(), NEW_YORK)]
    assert keys[0] != keys[1]
    keys = [compiled(plain, header=header).cell_keys for header in (Header(), NEW_YORK)]
    assert keys[0] == keys[1]


@pytest.mark.parametrize(
    ("name", "operator", "operand", "context", "holds"),
    [
        ("context.locale", "is", "de", {"locale": "de"}, True),
        ("context.campaign.name", "is", "spring", {"campaign": {"name": "spring"}}, True),
        ("context.campaign.name", "is", "spring", {"campaign": "spring"}, False),
        ("context.locale", "exists", False, {"locale": None}, True),
        ("context.locale", "exists", False, None, True),
        ("context.locale", "is", "de", None, False),
        ("context.price", "is", "5", {"price": "5"}, True),
        ("locale", "is", "de", {"locale": "de"}, False),
    ],
)
def test_the_context_is_read_from_the_event_alone(
    name: str,
    operator: Operator,
    operand: object,
    context: dict[str, Any] | None,
    holds: bool,  # noqa: FBT001
) -> None:
    products = [{"context": {"locale": "de", "price": "5"}, "context.locale": "de"}]
    event = on(0, products=products, context={"locale": "de"})._replace(context=context)
    assert bool(Shopper(asked(name, operator, operand)).does(event)) is holds


def test_numbers_of_the_context_are_added_up() -> None:
    spent = Aggregate("total", "context.cost", Scope(SEEN), (Comparison("is", 60_000),), "units")
    event = on(0, units=3)._replace(context={"cost": 2})
    assert Shopper(spent).does(event) == [(0, "+s")]
