"""A fit from a log of events: what counts as a purchase, what is judged, what is written."""

from functools import cache
from typing import Any

import orjson
import pytest

from streamer.adapters.memory import MemoryLog
from streamer.analysis.fitting import (
    Calibration,
    FitRequest,
    Fitted,
    Histories,
    Score,
    calibrate,
    fit,
)
from streamer.analysis.fitting.bg_nbd import Parameters
from streamer.analysis.fitting.histories import Each, PurchaseSummary
from streamer.app.nodes import leaves_of
from streamer.codecs.events import decode
from streamer.core.leaves.predicted import Predicted
from streamer.core.rules.spec import Segment
from streamer.core.state.purchases import PurchasesState
from streamer.errors import UsageError
from streamer.language import read_rules_text
from streamer.types import DAY, WEEK, Event
from tests.analysis.fitting.shoppers import START, lines
from tests.core.shopper import Shopper

ORDERS = frozenset(["order_completed"])
RULE = "---\nsegment: leaving\npurpose: To be tested.\nwhen: {predicted: churn, below: 30%}\n"


def log_of(data: bytes) -> MemoryLog:
    log = MemoryLog()
    for line in data.splitlines():
        log.append(line)
    return log


def asked(**more: Any) -> FitRequest:  # noqa: ANN401  the fields of FitRequest
    plain = {"key": "churn", "events": ORDERS, "each": "event", "unit": WEEK, "zone": "UTC"}
    return FitRequest(**{**plain, "until": None, "ahead": 90 * DAY, **more})


@cache
def fitted(**more: Any) -> Fitted:  # noqa: ANN401  the fields of FitRequest
    return fit(asked(**more), log_of(lines(1_000, 60, 7)), decode, lambda: None)


def histories(*times: int, each: Each = "event", zone: str = "UTC") -> Histories:
    found = Histories(ORDERS, each, zone)
    found.times["u"] = sorted(START + time for time in times)
    return found


def test_parameters_are_found_again() -> None:
    found = fitted().fit.parameters
    for value, true in zip(found, (0.5, 3, 1, 3), strict=True):
        assert true / 1.6 < value < true * 1.6


def test_the_time_after_until_judges_the_model_itself() -> None:
    until = START + 40 * WEEK
    found = fitted(until=until)
    assert found.tried is None
    judged = found.calibration
    assert (judged.begin, judged.customers) == (until, found.customers)
    model, past, recency = judged.scores
    assert model.rms < min(past.rms, recency.rms)
    assert abs(model.total - judged.actual) < 0.15 * judged.actual
    assert sum(row.customers for row in judged.rows) == judged.customers
    assert sum(row.actual * row.customers for row in judged.rows) == pytest.approx(judged.actual)


def test_a_model_of_all_there_is_is_judged_by_another_of_the_first_two_thirds() -> None:
    found = fitted()
    judged = found.calibration
    assert found.tried is not None
    assert found.tried.parameters != found.fit.parameters
    first = found.histories.first
    assert first is not None
    assert judged.begin == first + (found.until - first) * 2 // 3
    assert judged.end == found.until


def test_the_file_is_a_model_of_the_rule_language() -> None:
    found = fitted(each="day", zone="Europe/Berlin")
    (declared,) = read_rules_text(found.text + RULE).declarations
    assert isinstance(declared, Segment)
    assert isinstance(declared.when, Predicted)
    model = declared.when.model
    assert (model.name, model.events, model.each, model.unit) == (
        "churn",
        ("order_completed",),
        "day",
        WEEK,
    )
    exact = map(float, (model.r, model.alpha, model.a, model.b))
    assert tuple(exact) == found.fit.parameters


def test_several_events_can_be_purchases() -> None:
    found = fitted(events=frozenset(["order_completed", "product_added"]))
    assert "purchase: [order_completed, product_added]" in found.text
    read_rules_text(found.text + RULE)


def test_customers_are_scored_as_the_rule_scores_them() -> None:
    found = fitted()
    (declared,) = read_rules_text(found.text + RULE).declarations
    assert isinstance(declared, Segment)
    shopper = Shopper(declared)
    (one,) = (each for each in found.standings if each.customer == "u-3")
    for nth, time in enumerate(found.histories.times["u-3"]):
        shopper.decides(Event(f"e{nth}", "order_completed", "c", time, {}))
    (segment,) = shopper.rules.segments
    (leaf,) = (asked.leaf for asked in leaves_of(segment))
    said = leaf.detail(shopper.alive, found.until)
    assert f"P(alive) {one.alive:.4f} after {one.purchases} purchase" in said


@pytest.mark.parametrize("each", ["event", "day"])
def test_purchases_are_counted_as_by_the_rule(each: Each) -> None:
    times = (0, 5, DAY - 1, DAY, 3 * DAY)
    zone = "Europe/Berlin"
    text = f"ruleset: r\nzone: {zone}\n---\n{fitted(each=each, zone=zone).text}{RULE}"
    declared = read_rules_text(text)
    shopper = Shopper(*declared.declarations, header=declared.header)
    for nth, time in enumerate(times):
        shopper.decides(Event(f"e{nth}", "order_completed", "c", START + time, {}))
    (state,) = shopper.alive.states
    assert isinstance(state, PurchasesState)
    ((_, summary),) = histories(*times, each=each, zone=zone).until(START + 5 * DAY)
    assert summary.repeats == state.purchases() - 1
    assert (summary.recency, summary.age) == (3 * DAY, 5 * DAY)


def test_what_comes_later_is_not_seen_and_what_came_before_not_counted() -> None:
    found = histories(0, DAY, 2 * DAY)
    assert list(found.until(START - 1)) == []
    assert dict(found.until(START + DAY)) == {"u": PurchaseSummary(1, DAY, DAY)}
    assert found.between("u", START + DAY, START + 2 * DAY) == 1
    assert found.between("u", START, START + DAY) == 1


def test_a_purchase_told_twice_counts_once_and_what_is_no_event_is_said() -> None:
    data = lines(60, 40, 1)
    found = fit(
        asked(), log_of(data + data[: data.index(b"\n") + 1] + b"{\n"), decode, lambda: None
    )
    assert (found.histories.duplicates, found.histories.refusals.invalid) == (1, 1)
    assert found.histories.lines == data.count(b"\n") + 2


def test_the_best_threshold_is_the_one_with_the_smallest_error() -> None:
    found = Histories(ORDERS, "event", "UTC")
    week = [START + at * WEEK for at in range(11)]
    found.times = {"faithful": [*week[:9], *week[9:]], "gone": week[:3]}
    judged = calibrate(found, Parameters(1, 1, 1, 1), WEEK, week[8], week[10])
    past, recency = judged.scores[1], judged.scores[2]
    assert past.total == pytest.approx(2 + 2 / 8 * 2)
    assert recency.total == pytest.approx(2)
    assert recency.rms == pytest.approx(0)
    assert judged.threshold < 6 * WEEK


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"events": frozenset(["paid"])},
            "no purchase among the events: none is paid; no event is called paid",
        ),
        ({"key": "Churn Model"}, '"Churn Model" is no name'),
        ({"zone": "Europe/Berln"}, 'no such time zone: "Europe/Berln"'),
        ({"zone": "localtime"}, 'no such time zone: "localtime"'),
        ({"until": START - 1}, "0 customers bought more than once"),
    ],
)
def test_what_cannot_be_fitted_is_said(more: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        fitted(**more)


def test_a_fit_depends_on_no_order() -> None:
    data = lines(300, 40, 3)
    turned = b"".join(line + b"\n" for line in reversed(data.splitlines()))
    one, other = (fit(asked(), log_of(each), decode, lambda: None) for each in (data, turned))
    assert one.fit.log_likelihood == pytest.approx(other.fit.log_likelihood, abs=1e-6)


@pytest.mark.parametrize(
    ("model", "actual", "verdict"),
    [
        (0.9, 30, "better"),
        (0.99, 30, "no better"),
        (1.01, 30, "no better"),
        (1.1, 30, "worse"),
        (0.5, 29, "too few purchases"),
    ],
)
def test_a_verdict_is_by_the_error_of_the_better_rule(
    model: float, actual: int, verdict: str
) -> None:
    errors = {"BG/NBD": model, "repeat the past": 1.5, "recency threshold": 1.0}
    scores = tuple(Score(name, 30, error, 1, 1) for name, error in errors.items())
    found = Calibration(0, 1, 100, actual, 0, scores, ())
    assert (found.verdict, found.rival.name) == (verdict, "recency threshold")


def test_with_identity_a_visitor_s_purchases_are_those_of_the_user() -> None:
    told = [
        {"id": "e-1", "time": START, "anonymous_id": "a-1"},
        {"id": "e-2", "time": START + DAY, "user_id": "u-1", "anonymous_id": "a-1"},
    ]
    log = MemoryLog()
    for one in told:
        log.append(orjson.dumps({**one, "name": "order_completed", "properties": {"price": 10}}))
    found = Histories(frozenset({"order_completed"}), "event", "UTC", "price", "last")
    found.read(log, decode, lambda: None)
    assert found.times == {"u-1": [START, START + DAY]}
    assert [amount for _, amount in found.amounts["u-1"]] == [100_000, 100_000]
