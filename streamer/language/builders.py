"""From the values of a leaf's keys to the leaf as declared, one function per leaf.

What contradicts itself across keys is refused here, with `Wrong`; what can never be true is
warned about, as is what adds up money of several currencies.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Literal

from streamer.core.leaves.abandoned import Abandoned
from streamer.core.leaves.age import Age
from streamer.core.leaves.aggregate import Aggregate, Minus
from streamer.core.leaves.ago import Ago
from streamer.core.leaves.anniversary import Anniversary
from streamer.core.leaves.date import OnDate
from streamer.core.leaves.extreme import Extreme
from streamer.core.leaves.favours import Favours
from streamer.core.leaves.latest import Latest
from streamer.core.leaves.membership import InSegment, LeftSegment
from streamer.core.leaves.performed import NotPerformed, Performed, Quiet
from streamer.core.leaves.predicted import Predicted
from streamer.core.leaves.ratio import Part, Ratio
from streamer.core.leaves.season import WITH_YEAR, Season
from streamer.core.leaves.sequence import Sequence
from streamer.core.leaves.trait import Trait
from streamer.core.leaves.worth import GammaGamma, Worth
from streamer.core.rules.spec import Comparison, LeafSpec, Names, Scope
from streamer.language import moments, standard
from streamer.language.comparisons import comparisons, warn_if_impossible
from streamer.language.fields import Values
from streamer.language.money import warn_if_mixed
from streamer.language.reading import Reading, Reference, Wrong

DAY_PROPERTY: Final = "day"
"""`distinct: day` counts calendar days."""
CUSTOMER: Final = "customer"
"""`same: customer` takes the customer as the one item of `abandoned`."""


def performed(values: Values, reading: Reading) -> LeafSpec:
    """Build `performed`."""
    counts = {name: values.get(name) for name in ("at_least", "at_most", "is")}
    if all(count is None for count in counts.values()):
        counts["at_least"] = 1
    warn_if_impossible(values, reading)
    counted = _counted(values, reading)
    return replace(
        counted,
        at_least=counts["at_least"],
        at_most=counts["at_most"],
        exactly=counts["is"],
    )


def _counted(values: Values, reading: Reading) -> Performed:
    """Return what `performed` counts, without its comparisons."""
    scope, without = _scope(values, "performed", reading), _without(values)
    if "same" in values:
        return Performed(scope, "same", values["same"])
    if "per" in values:
        return Performed(scope, "per", values["per"], without=without)
    if "distinct" not in values:
        return Performed(scope)
    if values["distinct"] == DAY_PROPERTY:
        return Performed(scope, "days")
    return Performed(scope, "distinct", values["distinct"])


def not_performed(values: Values, reading: Reading) -> LeafSpec:
    """Build `not_performed`."""
    return NotPerformed(_scope(values, "not_performed", reading))


def quiet(values: Values, _: Reading) -> LeafSpec:
    """Build `quiet`."""
    return Quiet(values["quiet"], values.get("events", ()))


def ago(values: Values, reading: Reading) -> LeafSpec:
    """Build `ago`."""
    _warn_if_empty(values, "at_least", "less_than", reading)
    least, less = values.get("at_least"), values.get("less_than")
    return Ago(values["ago"], values.get("where", ()), values.get("which", "last"), least, less)


def sequence(values: Values, _: Reading) -> LeafSpec:
    """Build `sequence`."""
    return Sequence(
        values["sequence"], values.get("within"), values.get("span"), values.get("same")
    )


def abandoned(values: Values, reading: Reading) -> LeafSpec:
    """Build `abandoned`; `at_least` may stand inside with `did`, or beside."""
    inner: Values = values["abandoned"]
    if "at_least" in inner and "at_least" in values:
        raise Wrong(values.key_at("at_least"), "at_least stands inside abandoned already")
    lasting, within = inner.get("for", 0), values.get("within")
    if within is not None and lasting >= within:
        raise Wrong(inner.at("for"), "for must be below within: after that the event is forgotten")
    if _covers(inner["without"], inner["did"]):
        message = "can never be true: every event of did is one of without, too"
        reading.report.warning(inner.key_at("without"), message)
    same = values.get("same", "product_id")
    return Abandoned(
        inner["did"],
        inner["without"],
        lasting,
        None if same == CUSTOMER else same,
        values.get("where", ()),
        within,
        inner.get("at_least", values.get("at_least", 1)),
        values.get("net"),
    )


def aggregate(kind: Literal["total", "average"]) -> Callable[[Values, Reading], LeafSpec]:
    """Return the builder of `total` or `average`."""

    def build(values: Values, reading: Reading) -> LeafSpec:
        warn_if_impossible(values, reading)
        return _added(kind, values, reading, comparisons(values))

    return build


def _added(
    kind: Literal["total", "average"],
    values: Values,
    reading: Reading,
    asked: tuple[Comparison, ...] = (),
) -> Aggregate:
    """Return what is added up."""
    _check_amounts(values, kind)
    warn_if_mixed(values, kind, reading)
    standard.warn_if_no_number(values[kind], values.node.entries[kind].value, reading)
    minus: Values | None = values.get("minus")
    taken = None
    if minus is not None:
        _check_amounts(minus, "total")
        warn_if_mixed(minus, "total", reading)
        where = minus.get("where", ())
        taken = Minus(minus["total"], minus["of"], where, minus.get("times"))
    return Aggregate(
        kind,
        values[kind],
        _scope(values, "of", reading),
        asked,
        values.get("times"),
        "each" in values,
        values.get("per"),
        _without(values),
        taken,
    )


def ratio(values: Values, reading: Reading) -> LeafSpec:
    """Build `ratio`."""
    warn_if_impossible(values, reading)
    parts: Values = values["ratio"]
    part, whole = (_part(parts[name], reading) for name in ("part", "whole"))
    _check_age(values)
    return Ratio(
        part,
        whole,
        values.get("within"),
        values.get("since"),
        values.get("older_than"),
        *(values.get(name) for name in ("at_least", "at_most", "above", "below", "of_at_least")),
    )


def _part(values: Values, reading: Reading) -> Part:
    return _added("total", values, reading) if "total" in values else _counted(values, reading)


def _without(values: Values) -> Names | None:
    """Return what undoes an event of a value."""
    if "without" in values and "per" not in values:
        raise Wrong(values.key_at("without"), "without goes with per: the value that is undone")
    without: Names | None = values.get("without")
    return without


def _check_age(values: Values) -> None:
    """Refuse an age that nothing inside the window can have."""
    within, older = values.get("within"), values.get("older_than")
    if within is not None and older is not None and older >= within:
        raise Wrong(
            values.at("older_than"), "older_than must be below within: nothing is left between them"
        )


def _check_amounts(values: Values, kind: str) -> None:
    """Raise `Wrong` where the time of events would be added up."""
    for name in (kind, "times"):
        if name in values:
            moments.check_not_added(values[name], values.at(name))


def extreme(kind: Literal["largest", "smallest"]) -> Callable[[Values, Reading], LeafSpec]:
    """Return the builder of `largest` or `smallest`."""

    def build(values: Values, reading: Reading) -> LeafSpec:
        _check_amounts(values, kind)
        warn_if_impossible(values, reading)
        standard.warn_if_no_number(values[kind], values.node.entries[kind].value, reading)
        scope = _scope(values, "of", reading)
        amounts = values.get("times"), "each" in values
        return Extreme(kind, values[kind], scope, comparisons(values), *amounts)

    return build


def latest(key: str, which: Literal["last", "first"]) -> Callable[[Values, Reading], LeafSpec]:
    """Return the builder of `latest` or `first`."""

    def build(values: Values, reading: Reading) -> LeafSpec:
        warn_if_impossible(values, reading)
        standard.check(values[key], values.node.entries, reading)
        where, within = values.get("where", ()), values.get("within")
        return Latest(values[key], values["of"], comparisons(values), which, where, within)

    return build


def favours(values: Values, reading: Reading) -> LeafSpec:
    """Build `favours`, whose `at_least` is a count and no comparison of the value."""
    asked = {name: one for name, one in values.node.entries.items() if name != "at_least"}
    standard.check(values["favours"], asked, reading)
    return Favours(
        values["favours"],
        values["of"],
        tuple(one for one in comparisons(values) if one.operator != "at_least"),
        values.get("where", ()),
        values.get("within"),
        values.get("share"),
        values.get("at_least"),
    )


def trait(values: Values, reading: Reading) -> LeafSpec:
    """Build `trait`."""
    for name in moments.ORDERS:
        if name in values:
            standard.check_order(values.node.entries[name].value)
    warn_if_impossible(values, reading)
    standard.warn_of_numeric_ids(values["trait"], values.node.entries, reading)
    return Trait(values["trait"], comparisons(values))


def in_segment(values: Values, reading: Reading) -> LeafSpec:
    """Build `in_segment`; whether there is such a membership is known when all is read."""
    membership = values["in_segment"]
    reading.references.append(Reference(values.at("in_segment"), membership, reading.document))
    return InSegment(membership, values.get("for", 0))


def left_segment(values: Values, reading: Reading) -> LeafSpec:
    """Build `left_segment`."""
    membership = values["left_segment"]
    reading.references.append(Reference(values.at("left_segment"), membership, reading.document))
    return LeftSegment(membership, values["within"])


def season(values: Values, _: Reading) -> LeafSpec:
    """Build `season`."""
    days: Values = values["season"]
    if len(days["from"]) != len(days["to"]):
        raise Wrong(days.at("to"), "a season has a year on both days, or on none")
    if len(days["to"]) == WITH_YEAR and days["to"] < days["from"]:
        raise Wrong(days.at("to"), "a season with years ends before it begins")
    return Season(days["from"], days["to"])


def date(values: Values, reading: Reading) -> LeafSpec:
    """Build `date`."""
    parts: Values = values["date"]
    reading.dated.add(parts["trait"])
    return OnDate(parts["trait"], parts.get("before", 0), parts.get("after", 0))


def anniversary(values: Values, reading: Reading) -> LeafSpec:
    """Build `anniversary`."""
    parts: Values = values["anniversary"]
    reading.dated.add(parts["trait"])
    return Anniversary(parts["trait"], parts.get("before", 0), parts.get("after", 0))


def age(values: Values, reading: Reading) -> LeafSpec:
    """Build `age`."""
    _warn_if_empty(values, "at_least", "below", reading)
    name = values["age"]["trait"]
    reading.dated.add(name)
    return Age(name, values.get("at_least"), values.get("below"))


def predicted(values: Values, reading: Reading) -> LeafSpec:
    """Build `predicted`."""
    _warn_if_empty(values, "at_least", "below", reading)
    model, least, below = values["predicted"], values.get("at_least"), values.get("below")
    if isinstance(model, GammaGamma):
        return Worth(model, least, below)
    for name in ("at_least", "below"):
        if values.get(name, 0) > 1:
            raise Wrong(values.at(name), "expected a share from 0 to 1: a probability is no more")
    return Predicted(model, least, below)


def _warn_if_empty(values: Values, least: str, below: str, reading: Reading) -> None:
    """Warn of a range that holds nothing: from `least`, which it includes, to `below`."""
    if least in values and below in values and values[least] >= values[below]:
        message = f"can never be true: {least} is not below {below}"
        reading.report.warning(values.later(least, below), message)


def _scope(values: Values, events: str, reading: Reading) -> Scope:
    since: Names | None = values.get("since")
    if since is not None and _covers(since, values[events]):
        message = "no event is counted: each is one of since itself, so nothing comes after it"
        reading.report.warning(values.key_at("since"), message)
    _check_age(values)
    within, older = values.get("within"), values.get("older_than")
    return Scope(values[events], values.get("where", ()), within, since, older)


def _covers(wide: Names, narrow: Names) -> bool:
    """Whether every event of `narrow` is one of `wide`; `any` covers all but `identified`."""
    if not wide:
        return "identified" not in narrow
    return bool(narrow) and set(narrow) <= set(wide)
