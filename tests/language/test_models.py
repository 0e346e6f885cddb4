"""Models among the rules: what they read as, and every error at its place."""

from fractions import Fraction

import pytest

from streamer.app.inputs import compiled
from streamer.core.leaves.predicted import BgNbd, Predicted
from streamer.core.leaves.worth import GammaGamma, Worth
from streamer.core.rules.replacing import with_models
from streamer.core.rules.spec import Segment
from streamer.language import read_rules_text
from streamer.types import WEEK
from tests.language.marked import check

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
DAYS = (
    "expected a time or a day such as 2026-01-01T00:00:00Z or 2026-01-01, found the text "
    '"2026-02-30"'
)
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
            'expected bg_nbd or gamma_gamma, found the text "pareto_nbd"',
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
            '"unit" is missing in a model of kind bg_nbd',
        ),
        (PLAIN + "¦value: price\n" + GOOD, "value does not belong to bg_nbd"),
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
def test_a_score_is_above_nothing_and_a_probability_at_most_one(word: str) -> None:
    wrong = SEGMENT.replace("below: 30%", f"{word}: ¦0%")
    said = 'expected a number above 0, or a share such as 50%, found the text "0%"'
    check(PLAIN + GOOD + wrong, said)
    wrong = SEGMENT.replace("below: 30%", f"{word}: ¦1.5")
    check(PLAIN + GOOD + wrong, "expected a share from 0 to 1: a probability is no more")


VALUE = """\
model: churn
kind: gamma_gamma
purchase: order_completed
value: revenue
parameters: {p: 6.25, q: 3.74, v: 15.44}
"""


def test_a_value_is_read_with_its_model() -> None:
    (declared,) = read_rules_text(VALUE + SEGMENT.replace("30%", "49.95")).declarations
    assert isinstance(declared, Segment)
    parameters = map(Fraction, ("6.25", "3.74", "15.44"))
    model = GammaGamma("churn", ("order_completed",), "event", "revenue", *parameters)
    assert declared.when == Worth(model, below=Fraction("49.95"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            VALUE.replace("q: 3.74", "q: ¦1"),
            "q must be above 1, or the average of all customers is endless",
        ),
        (VALUE + "¦unit: 7d\n", "unit does not belong to gamma_gamma"),
        (
            VALUE.replace("value: revenue", "value: ¦at.hour"),
            "at.hour is a time, and is not added up",
        ),
        (
            "¦" + VALUE.replace("value: revenue\n", ""),
            '"value" is missing in a model of kind gamma_gamma',
        ),
        (
            VALUE.replace("p: 6.25", "¦r: 6.25").replace("parameters: {", "parameters: ¦{"),
            '"p" is missing in the parameters of gamma_gamma',
        ),
    ],
)
def test_an_error_in_a_model_of_values_has_its_place(text: str, message: str) -> None:
    if text.count("¦") > 1:
        unknown = 'unknown key "r" in the parameters of gamma_gamma: expected "p", "q" or "v"'
        check(text + SEGMENT, message, unknown)
    else:
        check(text + SEGMENT, message)


MODEL_OF_TEST = "{model: churn, kind: bg_nbd, purchase: order_completed, unit: 7d, parameters: P}"
BROUGHT = MODEL_OF_TEST.replace("P}", "{r: 2, alpha: 2, a: 2, b: 2}}")
BRINGING = SEGMENT + f"test_models: [{BROUGHT}]\n"


def test_the_models_of_tests_are_read_in_place_of_those_of_the_rule_set() -> None:
    test = "tests: [{name: n, given: [{at: 0s, event: order_completed}], expect: []}]\n"
    declared = read_rules_text(PLAIN + GOOD + BRINGING + test)
    ((model,),) = (one.models for one in declared.tests)
    assert isinstance(model, BgNbd)
    assert (model.name, int(model.r)) == ("churn", 2)
    (segment,) = declared.declarations
    assert isinstance(segment, Segment)
    assert isinstance(segment.when, Predicted)
    assert int(segment.when.model.r) == 1
    ((replaced,),) = (with_models(declared.declarations, (model,)),)
    assert isinstance(replaced, Segment)
    assert replaced.when == Predicted(model, below=Fraction("0.3"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            PLAIN + GOOD + BRINGING.replace("{model: churn", "{model: ¦chrun"),
            'no document of the rule set is a model "chrun" to be replaced',
        ),
        (
            VALUE + BRINGING.replace("30%", "30").replace("{model: churn", "{model: ¦churn"),
            'the model "churn" of the rule set is of another kind',
        ),
        (
            PLAIN + GOOD + BRINGING.replace("r: 2", "r: ¦0"),
            PARAMETER,
        ),
    ],
)
def test_a_model_of_tests_is_one_of_the_rule_set(text: str, message: str) -> None:
    check(text, message)


def test_a_title_says_on_what_the_models_that_a_rule_asks_were_fitted() -> None:
    (declared,) = read_rules_text(PLAIN + GOOD + "fitted: {on: CDNOW}\n" + SEGMENT).declarations
    assert declared.title == "leaving (fitted on CDNOW)"
    (declared,) = read_rules_text(PLAIN + GOOD + SEGMENT).declarations
    assert declared.title == "leaving"


def test_what_a_model_was_fitted_on_is_no_part_of_the_version() -> None:
    said = PLAIN + GOOD + "fitted: {on: a shop, from: 2026-01-01, until: 2026-06-30T12:00:00Z}\n"
    first, second = (read_rules_text(text + SEGMENT) for text in (PLAIN + GOOD, said))
    one, other = (compiled(each).compiled.version for each in (first, second))
    assert one == other
    check(said.replace("2026-01-01", "¦2026-02-30") + SEGMENT, DAYS)


@pytest.mark.parametrize(
    ("parameters", "warned"),
    [
        ("a: 1e-8, b: 17440", True),
        ("a: 0.5, b: 0.00001", True),
        ("a: 20000, b: 30000", True),
        ("a: 0.0313, b: 2.63", False),
        ("a: 10000, b: 10000", False),
    ],
)
def test_a_model_that_says_the_same_of_everybody_is_warned_of(
    parameters: str,
    warned: bool,  # noqa: FBT001 (a parameter of a test)
) -> None:
    text = PLAIN + f"parameters: {{r: 1, alpha: 1, {parameters}}}\n" + SEGMENT
    found = [one.message for one in read_rules_text(text).warnings]
    assert [one.partition(",")[0] for one in found] == ["a and b are so far apart"] * warned
