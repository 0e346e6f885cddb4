"""Models among the rules: what they read as, and every error at its place."""

from fractions import Fraction

import pytest

from streamer.codecs.language import read_rules_text
from streamer.core.leaves.predicted import BgNbd, Predicted
from streamer.core.syntax import Segment
from streamer.types import WEEK
from tests.codecs.language.marked import check

SEGMENT = """
---
segment: leaving
purpose: p
when: {predicted: churn, below: 30%}
"""
FITTED = """\
model: churn
kind: bg_nbd
purchase: [order_completed, product_added]
each: day
unit: 7d
parameters: {r: 0.243, alpha: 4.414, a: 0.793, b: 2.426}
fitted:
  from: 1997-01-01T00:00:00.000Z
  until: 1997-09-30T00:00:00.000Z
  customers: 2357
  purchases: 4814
  log_likelihood: -9582.4
"""
PLAIN = """\
model: churn
kind: bg_nbd
purchase: order_completed
unit: 7d
"""
GOOD = "parameters: {r: 1, alpha: 1, a: 1, b: 1}\n"
PARAMETER = "no model has such a parameter: expected a number above 0, at most 1000000000"


def test_a_model_may_stand_before_or_behind_its_rules() -> None:
    cdnow = BgNbd(
        "churn",
        ("order_completed", "product_added"),
        "day",
        WEEK,
        *map(Fraction, ("0.243", "4.414", "0.793", "2.426")),
    )
    for text in (FITTED + SEGMENT, SEGMENT + "---\n" + FITTED):
        (declared,) = read_rules_text(text).declarations
        assert isinstance(declared, Segment)
        assert declared.when == Predicted(cdnow, below=Fraction("0.3"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (PLAIN + "parameters: {r: ¦-0.2, alpha: 1, a: 1, b: 1}\n", PARAMETER),
        (PLAIN + "parameters: {r: 1, alpha: ¦0, a: 1, b: 1}\n", PARAMETER),
        (PLAIN + "parameters: {r: 1, alpha: 1, a: ¦1e10, b: 1}\n", PARAMETER),
        (
            PLAIN + "parameters: {r: 1, alpha: 1, a: 1, b: ¦.inf}\n",
            '".inf" is no finite number',
        ),
        (
            PLAIN + "parameters: {r: 1, alpha: 1, a: 1, b: ¦high}\n",
            'expected a number above 0, found the text "high"',
        ),
        (
            PLAIN + "parameters: ¦{r: 1, alpha: 1, a: 1}\n",
            '"b" is missing in the parameters of bg_nbd',
        ),
        (
            PLAIN + "parameters: {r: 1, alpha: 1, a: 1, b: 1, ¦beta: 1}\n",
            'unknown key "beta" in the parameters of bg_nbd: expected "r", "alpha", "a" or "b"',
        ),
        (
            PLAIN.replace("bg_nbd", "¦pareto_nbd") + GOOD,
            'expected bg_nbd, found the text "pareto_nbd"',
        ),
        (
            PLAIN.replace("order_completed", "¦order_complete") + GOOD,
            'unknown event "order_complete": did you mean "order_completed"?',
        ),
        (
            PLAIN.replace("7d", "¦0d") + GOOD,
            "a duration is more than zero",
        ),
        (
            "¦" + PLAIN.replace("unit: 7d\n", "") + GOOD,
            '"unit" is missing in a model',
        ),
        (
            PLAIN + GOOD + "fitted: {customers: ¦many}\n",
            'expected a whole number, found the text "many"',
        ),
        (
            PLAIN + GOOD + "---\nmodel: ¦churn\n" + PLAIN.partition("\n")[2] + GOOD,
            'duplicate key "churn": another model has it already',
        ),
    ],
)
def test_an_error_has_its_place_and_is_said_once(text: str, message: str) -> None:
    check(text + SEGMENT, message)


def test_an_unknown_model_is_answered_with_the_nearest_one() -> None:
    wrong = SEGMENT.replace("predicted: churn", "predicted: ¦chrun")
    check(PLAIN + GOOD + wrong, 'unknown model "chrun": did you mean "churn"?')
    unlisted = "no document of the rule set is a model; streamer fit writes one"
    check(wrong, f'unknown model "chrun": {unlisted}')
    other = SEGMENT.replace("predicted: churn", "predicted: ¦value")
    check(PLAIN + GOOD + other, 'unknown model "value": expected churn')


@pytest.mark.parametrize("word", ["at_least", "below"])
def test_a_score_is_never_less_than_nothing(word: str) -> None:
    wrong = SEGMENT.replace("below: 30%", f"{word}: ¦0%")
    check(PLAIN + GOOD + wrong, f"{word} is more than 0: P(alive) is never less")
