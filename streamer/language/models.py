"""Models in a rule set: documents that `streamer fit` writes and `predicted` names."""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final, TypeAlias

from streamer.codecs.limits import LOCAL_TIME, TIME
from streamer.core.leaves.predicted import BgNbd
from streamer.core.leaves.worth import GammaGamma
from streamer.core.rules.spec import FittedOn
from streamer.instants import parse_iso
from streamer.language import kinds, moments, names
from streamer.language.fields import Field, Group, Values
from streamer.language.kinds import Kind
from streamer.language.nodes import MappingNode, Node, ScalarNode
from streamer.language.reading import Lost, Reading, Wrong, expected
from streamer.language.words import quoted
from streamer.types import Millis

LARGEST_TELLING: Final = 10_000
"""Of `a` and `b`; beyond it, and below its inverse, they say the same of every customer."""
Model: TypeAlias = BgNbd | GammaGamma

LARGEST_PARAMETER: Final = 1_000_000_000
"""Beyond that a parameter says nothing but that the fit went astray."""


def _parameter(node: Node, _: Reading) -> Fraction:
    what = "a number above 0"
    value = kinds.single(node, what)
    if isinstance(value, (str, bool)):
        raise expected(what, node)
    if not 0 < value <= LARGEST_PARAMETER:
        message = f"no model has such a parameter: expected {what}, at most {LARGEST_PARAMETER}"
        raise Wrong(node.at, message)
    return Fraction(value)


def _whole(node: Node, _: Reading) -> int:
    what = "a whole number"
    value = kinds.single(node, what)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise expected(what, node)
    return value


def _instant(node: Node, _: Reading) -> Millis:
    what = "a time or a day such as 2026-01-01T00:00:00Z or 2026-01-01"
    text = kinds.text_of(node, what)
    try:
        if re.fullmatch(LOCAL_TIME, text):
            text = f"{text}Z" if len(text) > len("2026-01-01") else f"{text}T00:00:00Z"
        return parse_iso(text)
    except (ValueError, OverflowError):
        raise expected(what, node) from None


_PARAMETER: Final = Kind(
    "parameter",
    "number above 0",
    {"type": "number", "exclusiveMinimum": 0, "maximum": LARGEST_PARAMETER},
    _parameter,
)
_ABOVE_ONE: Final = Kind(
    "parameter_above_one",
    "number above 1",
    {"type": "number", "exclusiveMinimum": 1, "maximum": LARGEST_PARAMETER},
    _parameter,
)
_WHOLE: Final = Kind("whole", "whole number", {"type": "integer", "minimum": 0}, _whole)
_INSTANT: Final = Kind(
    "instant", "time or day", {"type": "string", "pattern": f"^({LOCAL_TIME}|{TIME})$"}, _instant
)
PARAMETERS: Final = {
    "bg_nbd": Group(
        "the parameters of bg_nbd",
        (
            Field("r", _PARAMETER, "How alike the rates of customers are.", required=True),
            Field("alpha", _PARAMETER, "The scale of the rates, in units.", required=True),
            Field(
                "a", _PARAMETER, "Customers leave by chance, a / (a + b) on average.", required=True
            ),
            Field(
                "b", _PARAMETER, "See `a`; the larger both, the more alike they are.", required=True
            ),
        ),
    ),
    "gamma_gamma": Group(
        "the parameters of gamma_gamma",
        (
            Field("p", _PARAMETER, "How alike the purchases of one customer are.", required=True),
            Field("q", _ABOVE_ONE, "How alike customers are; above 1.", required=True),
            Field("v", _PARAMETER, "The scale of the values.", required=True),
        ),
    ),
}
"""The parameters of each kind of model."""

FITTED: Final = Group(
    "fitted",
    (
        Field("on", kinds.TEXT, "Whose purchases those were; titles and reports say so."),
        Field("from", _INSTANT, "The first purchase that the model was fitted on."),
        Field("until", _INSTANT, "The end of the time that it was fitted on."),
        Field("customers", _WHOLE, "How many customers it was fitted on."),
        Field("purchases", _WHOLE, "How many purchases they made."),
        Field("log_likelihood", kinds.NUMBER, "The logarithm of the likelihood."),
    ),
)
MODEL: Final = Group(
    "a model",
    (
        Field("model", names.KEY, "The key by which `predicted` names it.", required=True),
        Field(
            "kind",
            kinds.choice("model_kind", *PARAMETERS),
            "`bg_nbd`: how likely it is that the customer still is one; `gamma_gamma`: what the "
            "customer's purchases are worth on average.",
            required=True,
        ),
        Field("purchase", names.EVENTS, "The events that are purchases.", required=True),
        Field(
            "each",
            kinds.choice("each", "event", "day"),
            "Whether each event is a purchase, or each day with one; `event` if not stated.",
        ),
        Field("unit", kinds.PERIOD, "The unit of time of `alpha`, for `bg_nbd`."),
        Field(
            "value",
            names.PROPERTY,
            "The property that adds up to the value of a purchase, for `gamma_gamma`.",
        ),
        Field(
            "parameters",
            Kind(
                "parameters",
                "`{r, alpha, a, b}` or `{p, q, v}`",
                {"anyOf": [group.schema() for group in PARAMETERS.values()]},
                lambda node, _: node,
                (_PARAMETER, _ABOVE_ONE),
            ),
            "What the fit found.",
            required=True,
        ),
        Field(
            "fitted",
            Kind("fitted", "what it was fitted on", FITTED.schema(), FITTED.read, FITTED.kinds()),
            "For people: what the model was fitted on, and how well.",
        ),
    ),
)


BY_KIND: Final = {
    "if": {"properties": {"kind": {"const": "bg_nbd"}}},
    "then": {
        "required": ["unit"],
        "properties": {"value": {"not": {}}, "parameters": PARAMETERS["bg_nbd"].schema()},
    },
    "else": {
        "required": ["value"],
        "properties": {"unit": {"not": {}}, "parameters": PARAMETERS["gamma_gamma"].schema()},
    },
}
"""What the JSON Schema says of a model's keys by its kind."""


def read_model(node: Node, reading: Reading) -> None:
    """Add the model to the reading, as one of the rule set; all that is wrong is reported."""
    named = node.entries["model"].value if isinstance(node, MappingNode) else node
    key = named.text if isinstance(named, ScalarNode) else ""
    if key in reading.models:
        raise Wrong(named.at, f"duplicate key {quoted(key)}: another model has it already")
    reading.models[key] = None
    reading.models[key] = _model(node, reading)


def _model(node: Node, reading: Reading) -> Model | None:
    values, sound = MODEL.take(node, reading)
    model = reading.attempt(_built, node, values) if "kind" in values else None
    return model if sound else None


def _of_tests(node: Node, reading: Reading) -> tuple[Model, ...]:
    return kinds.items(node, "a list of models", _of_test, reading)


def _of_test(node: Node, reading: Reading) -> Model:
    model = _model(node, reading)
    if model is None or not isinstance(node, MappingNode):
        raise Lost
    place = node.entries["model"].value.at
    if model.name not in reading.models:
        message = f"no document of the rule set is a model {quoted(model.name)} to be replaced"
        raise Wrong(place, message)
    known = reading.models[model.name]
    if known is not None and type(known) is not type(model):
        message = f"the model {quoted(model.name)} of the rule set is of another kind"
        raise Wrong(place, message)
    return model


MODELS_OF_TESTS: Final = Kind(
    "test_models",
    "list of models",
    {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/model_document"}},
    _of_tests,
)


def _built(node: Node, reading: Reading, values: Values) -> Model:
    kind = values["kind"]
    needs, other = ("unit", "value") if kind == "bg_nbd" else ("value", "unit")
    if other in values:
        reading.report.error(values.key_at(other), f"{other} does not belong to {kind}")
    if needs not in values.node.entries:
        reading.report.error(node.at, f"{quoted(needs)} is missing in a model of kind {kind}")
    if "parameters" not in values:
        raise Lost
    found = PARAMETERS[kind].read(values["parameters"], reading)
    if other in values or needs not in values or not {"model", "purchase"} <= values.names():
        raise Lost
    said = (values["model"], values["purchase"], values.get("each", "event"), values[needs])
    on: Mapping[str, Any] = values.get("fitted", {})
    fitted = FittedOn(on.get("on"), on.get("from"), on.get("until"))
    if needs == "value":
        moments.check_not_added(values[needs], values.at(needs))
    exact = (found[one.name] for one in PARAMETERS[kind].fields)
    if kind == "bg_nbd":
        if _says_nothing(found["a"], found["b"]):
            message = (
                "a and b are so far apart, or so large, that P(alive) is nearly the same for every "
                "customer: fit the model again, or ask with ago how long the last purchase is past"
            )
            reading.report.warning(found.at("a"), message)
        return BgNbd(*said, *exact, fitted=fitted)
    if found["q"] <= 1:
        raise Wrong(found.at("q"), "q must be above 1, or the average of all customers is endless")
    return GammaGamma(*said, *exact, fitted=fitted)


def _says_nothing(a: Fraction, b: Fraction) -> bool:
    """Whether customers leave never, all at once or equally often: `streamer fit` refuses that."""
    least = max(a, b, Fraction(1)) / LARGEST_TELLING
    return min(a, b) < least or max(a, b) > LARGEST_TELLING


def _named(node: Node, reading: Reading) -> Model:
    """Return the model that a condition names."""
    name = names.KEY.read(node, reading)
    if name not in reading.models and isinstance(node, ScalarNode):
        unlisted = "no document of the rule set is a model; streamer fit writes one"
        if reading.models:
            unlisted = f"expected {', '.join(reading.models)}"
        raise reading.unknown(node, "model", reading.models, unlisted)
    model = reading.models.get(name)
    if model is None:
        raise Lost
    return model


NAMED: Final = Kind("model_name", "key of a model", names.KEY.schema, _named)
