"""What a model says of a later time that it has not seen, beside two simple rules.

The rules are the ones that a shop without a model uses:

* *repeat the past*: a customer goes on buying as often as since the first purchase;
* *recency threshold*: the same, but without a purchase for so long a customer buys nothing.
  The threshold is the one of `_THRESHOLDS` that does best afterwards. It is not known before, so
  this is the rule at its best.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Final, Literal, NamedTuple, TypeAlias

from streamer.analysis.fitting.bg_nbd import Moment, Parameters, in_units, purchases_to_come
from streamer.analysis.fitting.histories import Histories
from streamer.types import Millis

MOST_REPEATS: Final = 7
"""Customers with so many repeat purchases, or more, are one row of the table."""

LEAST_PURCHASES: Final = 30
"""By fewer purchases than that no model is judged."""

_LIKELY: Final = 0.5
_TELLING: Final = 0.02
"""An error that differs by less, as a share of the other, is as good as the same."""
_THRESHOLDS: Final = 50
"""So many thresholds are tried, from none to the longest silence, in equal steps."""


Verdict: TypeAlias = Literal["better", "no better", "worse", "too few purchases"]


class Score(NamedTuple):
    """How well the purchases of each customer were foretold.

    `total` purchases of all, the root of the mean square and the mean of the errors per customer,
    and the share of customers for whom it was right whether they would buy at all.
    """

    name: str
    total: float
    rms: float
    mean: float
    right: float


class CalibrationRow(NamedTuple):
    """Customers with the same number of repeat purchases, and what they bought on average later.

    `repeats` is `MOST_REPEATS` for so many and more.
    """

    repeats: int
    customers: int
    actual: float
    model: float
    past: float
    recency: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What came true of the time after `begin` up to `end`, for the customers known at `begin`.

    `threshold` is the best one for recency, in ms.
    """

    begin: Millis
    end: Millis
    customers: int
    actual: int
    threshold: Millis
    scores: tuple[Score, ...]
    rows: tuple[CalibrationRow, ...]

    @property
    def rival(self) -> Score:
        """That one of the two simple rules with the smaller error."""
        return min(self.scores[1:], key=lambda score: score.rms)

    @property
    def gain(self) -> float:
        """How much smaller the error of the model is than that of the rival, as a share of it."""
        return 1 - self.scores[0].rms / self.rival.rms if self.rival.rms else 0.0

    @property
    def verdict(self) -> Verdict:
        """What the comparison says of the model."""
        if self.actual < LEAST_PURCHASES:
            return "too few purchases"
        if abs(self.gain) <= _TELLING:
            return "no better"
        return "better" if self.gain > 0 else "worse"


def calibrate(
    histories: Histories, parameters: Parameters, unit: Millis, begin: Millis, end: Millis
) -> Calibration:
    """Compare what is foretold at `begin` with what happened up to `end`."""
    time = (end - begin) / unit
    known = [(name, in_units(one, unit)) for name, one in histories.until(begin)]
    moments = [moment for _, moment in known]
    actual = [histories.between(name, begin, end) for name, _ in known]
    past = [moment.repeats / moment.age * time if moment.age else 0.0 for moment in moments]
    threshold, recent = _best_threshold(moments, past, actual)
    foretold = {
        "BG/NBD": [purchases_to_come(parameters, moment, time) for moment in moments],
        "repeat the past": past,
        "recency threshold": recent,
    }
    return Calibration(
        begin=begin,
        end=end,
        customers=len(known),
        actual=sum(actual),
        threshold=round(threshold * unit),
        scores=tuple(_score(name, said, actual) for name, said in foretold.items()),
        rows=tuple(_rows([one.repeats for one in moments], actual, foretold)),
    )


def _best_threshold(
    moments: list[Moment], past: list[float], actual: list[int]
) -> tuple[float, list[float]]:
    """Return the threshold that does best, in units, and what it foretells."""
    silences = [moment.age - moment.recency for moment in moments]
    longest = max(silences, default=0.0)
    tried = []
    for step in range(_THRESHOLDS + 1):
        threshold = longest * step / _THRESHOLDS
        said = [
            one if silence <= threshold else 0.0
            for one, silence in zip(past, silences, strict=True)
        ]
        tried.append((_score("", said, actual).rms, threshold, said))
    _, threshold, said = min(tried, key=lambda one: one[0])
    return threshold, said


def _score(name: str, said: list[float], actual: list[int]) -> Score:
    errors = [one - other for one, other in zip(said, actual, strict=True)]
    hits = [(one >= _LIKELY) is (other > 0) for one, other in zip(said, actual, strict=True)]
    number = max(1, len(errors))
    return Score(
        name,
        sum(said),
        sqrt(sum(error * error for error in errors) / number),
        sum(map(abs, errors)) / number,
        sum(hits) / number,
    )


def _rows(
    repeats: list[int], actual: list[int], foretold: Mapping[str, list[float]]
) -> list[CalibrationRow]:
    groups: dict[int, list[tuple[float, ...]]] = defaultdict(list)
    for x, *said in zip(repeats, actual, *foretold.values(), strict=True):
        groups[min(x, MOST_REPEATS)].append(tuple(said))
    return [
        CalibrationRow(
            x, len(group), *(sum(column) / len(group) for column in zip(*group, strict=True))
        )
        for x, group in sorted(groups.items())
    ]
