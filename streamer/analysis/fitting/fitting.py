"""All of a fit: purchases are read, parameters found, judged by a later time, and written."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

from streamer.analysis.fitting.bg_nbd import (
    Fit,
    fit_bg_nbd,
    in_units,
    probability_alive,
    purchases_to_come,
)
from streamer.analysis.fitting.calibration import Calibration, calibrate
from streamer.analysis.fitting.documents import model_file, value_document
from streamer.analysis.fitting.gamma_gamma import (
    Spent,
    ValueFit,
    expected_value,
    fit_gamma_gamma,
)
from streamer.analysis.fitting.histories import Each, Histories
from streamer.app.inputs import Decoder
from streamer.core.rules.spec import Joining
from streamer.errors import UsageError
from streamer.instants import iso
from streamer.language.scalars import KEY_PATTERN
from streamer.language.zones import wrong_zone
from streamer.ports import Log
from streamer.types import Millis


@dataclass(frozen=True, slots=True)
class FitRequest:
    """What to fit: the model's key, what a purchase is, and on the time up to when.

    `until` None is the last purchase. `unit` and `ahead` in ms; the scores of customers say how
    many purchases are expected within `ahead`. With `value`, the property with the value of a
    purchase, a gamma-gamma model is fitted, too; its key is `value_key`, or else the model's with
    `_value` behind it. `source` says for people where the events come
    from, `anonymous` how visitors become users.
    """

    key: str
    events: frozenset[str]
    each: Each
    unit: Millis
    zone: str
    until: Millis | None
    ahead: Millis
    value: str | None = None
    source: str = "events"
    anonymous: Joining = "none"
    value_key: str | None = None

    def check(self) -> None:
        """Raise `UsageError` for what no rule set could have: a key, an event, a zone."""
        if self.value_key is not None and self.value is None:
            raise UsageError("a model of the value of a purchase needs --value PROPERTY")
        if self.key == self.value_key:
            raise UsageError(f"two models cannot both be {self.key}: name another --value-model")
        for word in (self.key, _value_key(self), *self.events):
            if re.fullmatch(KEY_PATTERN[1:-1], word) is None:
                raise UsageError(
                    f'"{word}" is no name: names are of small letters, digits and _, like alive'
                )
        if wrong := wrong_zone(self.zone):
            raise UsageError(wrong)


@dataclass(frozen=True, slots=True)
class CustomerForecast:
    """What the models say of one customer at the end of their time; `value` is of a purchase."""

    customer: str
    purchases: int
    alive: float
    expected: float
    value: float | None


@dataclass(frozen=True, slots=True)
class Fitted:
    """What came of a fit; `calibration` is of the model itself, or with `tried` of one fitted so.

    A model that was fitted on all there is cannot be judged by what it has seen. Then another one
    is fitted on the first two thirds of the time, and the last third judges that.
    """

    fit: Fit
    values: ValueFit | None
    histories: Histories
    until: Millis
    customers: int
    calibration: Calibration
    tried: Fit | None
    text: str
    standings: tuple[CustomerForecast, ...]


def fit(asked: FitRequest, log: Log, decode: Decoder, watch: Callable[[], object]) -> Fitted:
    """Read the log and fit the model; raises `UsageError` where that cannot be done.

    Where no line is an event, it is `NothingAccepted`.
    """
    asked.check()
    histories = Histories(asked.events, asked.each, asked.zone, asked.value, asked.anonymous)
    histories.read(log, decode, watch)
    try:
        return _fitted(asked, histories)
    except UsageError as error:
        raise histories.intake.no_answer(str(error)) from None


def _fitted(asked: FitRequest, histories: Histories) -> Fitted:
    first, last = histories.first, histories.last
    if first is None or last is None:
        none = f"no purchase among the events: none is {' or '.join(sorted(asked.events))}"
        raise UsageError("; ".join((none, *histories.names.never_seen())))
    until = last if asked.until is None else asked.until
    found = _model(histories, until, asked.unit)
    begin, tried = until, None
    if until >= last:
        begin = first + (last - first) * 2 // 3
        tried = _model(
            histories, begin, asked.unit, " from the first two thirds, by which it is judged"
        )
    spent = {customer: histories.spent(customer, until) for customer in histories.times}
    values = None
    if asked.value is not None:
        values = fit_gamma_gamma(one for one in spent.values() if one is not None)
    standings = tuple(
        CustomerForecast(
            customer,
            one.repeats + 1,
            probability_alive(found.parameters, moment),
            purchases_to_come(found.parameters, moment, asked.ahead / asked.unit),
            _worth(values, spent[customer]),
        )
        for customer, one in histories.until(until)
        for moment in (in_units(one, asked.unit),)
    )
    judged = calibrate(histories, (tried or found).parameters, asked.unit, begin, last)
    if not all(map(isfinite, (*(one.expected for one in standings), judged.scores[0].total))):
        raise UsageError(
            "the purchases that a model of these histories expects are no number (nan): give a "
            f"longer history with more customers{_hint(histories)}"
        )
    on = f"{len(standings):,} customers of {asked.source} until {iso(until)[:10]}"
    return Fitted(
        fit=found,
        values=values,
        histories=histories,
        until=until,
        customers=len(standings),
        calibration=judged,
        tried=tried,
        text=model_file(asked.key, found, histories, asked.unit, until, on)
        + (
            ""
            if values is None
            else value_document(_value_key(asked), values, histories, until, on)
        ),
        standings=standings,
    )


def _model(histories: Histories, until: Millis, unit: Millis, part: str = "") -> Fit:
    """Return the model of the time up to `until`; `part` says which part of the history that is."""
    try:
        return fit_bg_nbd((one for _, one in histories.until(until)), unit)
    except UsageError as error:
        before = f"no model{part}: " if part else ""
        instead = "; --until judges by the time after it instead" if part else ""
        raise UsageError(f"{before}{error}{instead}{_hint(histories)}") from None


def _value_key(asked: FitRequest) -> str:
    return asked.value_key or f"{asked.key}_value"


def _hint(histories: Histories) -> str:
    crowded = histories.crowded()
    return "" if crowded is None else f". {crowded}"


def _worth(values: ValueFit | None, spent: Spent | None) -> float | None:
    return None if values is None or spent is None else expected_value(values.parameters, spent)
