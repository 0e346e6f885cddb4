"""The table of the language: every leaf with its scope keys and comparisons.

The reader, the JSON Schema and the reference all come of it. To add a leaf: an entry here and a
function in `builders`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from streamer.core.rules.spec import LeafSpec
from streamer.language import builders, kinds, models, names, standard
from streamer.language.comparisons import (
    ANY_COMPARISON,
    DECIMAL_COMPARISON,
    EXISTS_ALONE,
    WHERE,
)
from streamer.language.fields import Apart, Field, Group, Values
from streamer.language.kinds import Kind
from streamer.language.nodes import MappingNode, Node
from streamer.language.reading import Reading
from streamer.language.steps import STEPS


@dataclass(frozen=True, slots=True)
class Leaf:
    """A condition of the language. `means` says when it is true.

    With `needs`, at least one comparison must stand there. With `compares`, they compare the
    property that the key names. `inner` are the keys of the value, if it is a mapping. `example` is
    a whole condition.
    """

    key: str
    kind: Kind[Any]
    means: str
    example: str
    build: Callable[[Values, Reading], LeafSpec]
    scope: tuple[Field, ...] = ()
    comparisons: tuple[Field, ...] = ()
    apart: tuple[Apart, ...] = ()
    needs: bool = False
    compares: bool = False
    inner: Group | None = None

    def group(self) -> Group:
        """Return the keys of the mapping that the leaf is."""
        own = Field(self.key, self.kind, self.means, required=True)
        fields = (own, *self.scope, *self.comparisons)
        needs = tuple(one.name for one in self.comparisons) if self.needs else ()
        return Group(self.key, fields, self.apart, needs)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the leaf."""
        said = self.group().schema()
        if not self.compares:
            return said
        operators = [one.name for one in self.comparisons if one.kind is not kinds.COUNT]
        return said | {"allOf": [*said.get("allOf", ()), *standard.compared(self.key, operators)]}

    def read(self, node: Node, reading: Reading) -> LeafSpec:
        """Return the leaf as declared."""
        return self.build(self.group().read(node, reading), reading)


_WHERE: Final = Field(
    "where",
    WHERE,
    "Only events whose properties are as stated. A property is read from the event, or else from "
    "each of its `products`; conditions read from products must hold of one and the same product.",
)
_WITHIN: Final = Field(
    "within",
    kinds.DURATION,
    "Only the time that long before now, the beginning left out. Without it: all of history.",
)
_SINCE: Final = Field(
    "since",
    names.EVENTS,
    "Only events after the latest of these. Nothing counts before there was one.",
)
_OLDER_THAN: Final = Field(
    "older_than",
    kinds.DURATION,
    "Only events that are at least that old. Beside `within`: from that long ago to this.",
)
_PER: Final = Field(
    "per",
    names.PROPERTY,
    "Of the events with one value of this property only the latest counts; one without a value "
    "counts by itself.",
)
_WITHOUT: Final = Field(
    "without",
    names.EVENTS,
    "An event does not count any more once one of these comes after it with the same value of "
    "`per`: an order that was cancelled.",
    beside="per",
)
_ONCE: Final = (_PER, _WITHOUT)
_OF: Final = Field("of", names.EVENTS, "The events to read the property from.", required=True)
_SCOPE: Final = (_WHERE, _WITHIN, _SINCE)
_AGED: Final = (_WHERE, _WITHIN, _OLDER_THAN, _SINCE)
_TIMES: Final = Field(
    "times",
    names.PROPERTY,
    "Multiply each value by this property, read from the same event or product: price times "
    "quantity. Where it is missing by 1; where it is no number, the value does not count.",
)
_DISTINCT: Final = Field(
    "distinct",
    names.PROPERTY,
    "Count the different values of this property; `day` counts different calendar days.",
)
_PER_OR_DISTINCT: Final = Apart("per", "distinct", "per counts events, distinct counts values")
_EACH: Final = Field(
    "each",
    kinds.choice("each_event", "event"),
    "Add up what one event carries, and take it as one value: the value of an order.",
)
_AMOUNTS: Final = (_TIMES, _EACH)

_PERFORMED: Final = Leaf(
    "performed",
    names.EVENTS,
    "The number of such events is as stated; at least 1 if nothing is stated.",
    "{performed: product_viewed, at_least: 10, within: 24h}",
    builders.performed,
    (
        *_AGED,
        _DISTINCT,
        *_ONCE,
        Field(
            "same",
            names.PROPERTY,
            "Count the events that share one value of this property, the most frequent one.",
        ),
    ),
    (
        Field("at_least", kinds.COUNT, "So many or more."),
        Field("at_most", kinds.COUNT_OR_NONE, "So many or fewer."),
        Field("is", kinds.COUNT_OR_NONE, "Exactly so many."),
    ),
    (
        Apart("distinct", "same", "count either different values or one value's events"),
        _PER_OR_DISTINCT,
        Apart("per", "same", "per counts one event of each value"),
        Apart("same", "at_most", "same goes with at_least only"),
        Apart("same", "is", "same goes with at_least only"),
    ),
)
_NOT_PERFORMED: Final = Leaf(
    "not_performed",
    names.EVENTS,
    "There is no such event.",
    "{not_performed: order_completed, since: product_added}",
    builders.not_performed,
    _AGED,
)
_QUIET: Final = Leaf(
    "quiet",
    kinds.DURATION,
    "No event for that long.",
    "{quiet: 30m}",
    builders.quiet,
    (Field("events", names.EVENTS, "The events that end the silence; any if nothing is stated."),),
)
_AGO: Final = Leaf(
    "ago",
    names.EVENTS,
    "The last such event is that long ago.",
    "{ago: order_completed, at_least: 60d, less_than: 90d}",
    builders.ago,
    (
        _WHERE,
        Field("which", kinds.choice("which", "first", "last"), "Which one to look at."),
    ),
    (
        Field("at_least", kinds.DURATION, "That long ago or longer."),
        Field("less_than", kinds.DURATION, "Less long ago than that."),
    ),
    needs=True,
)
_SEQUENCE: Final = Leaf(
    "sequence",
    STEPS,
    "The steps happened in this order: up to 8 different events, others may lie between.",
    "{sequence: [product_viewed, product_added, order_completed], span: 1d}",
    builders.sequence,
    (
        _WITHIN,
        Field("span", kinds.DURATION, "The longest time from the first step to the last."),
        Field("same", names.PROPERTY, "All steps carry one and the same value of this property."),
    ),
)
_ABANDONED_PARTS: Final = Group(
    "abandoned",
    (
        Field("did", names.EVENTS, "What was begun.", required=True),
        Field("without", names.EVENTS, "What would have finished it.", required=True),
        Field("for", kinds.DURATION, "How long ago it was last begun, at least."),
        Field("at_least", kinds.COUNT, "How often it was begun, at least; once if not stated."),
    ),
    belongs={
        name: f"it goes beside abandoned: {{abandoned: {{did: …, without: …}}, {name}: {value}}}"
        for name, value in (("within", "7d"), ("same", "product_id"), ("where", "{…}"))
    },
)
_ABANDONED: Final = Leaf(
    "abandoned",
    Kind(
        "abandoned",
        "`{did: EVENT, without: EVENT, for: D}`",
        _ABANDONED_PARTS.schema(),
        _ABANDONED_PARTS.read,
        _ABANDONED_PARTS.kinds(),
    ),
    "For some one item, something was begun and has not been finished since.",
    "{abandoned: {did: product_added, without: order_completed, for: 30m}, within: 7d}",
    builders.abandoned,
    (
        Field(
            "same",
            names.PROPERTY,
            "The property that tells items apart; `product_id` if nothing is stated, `customer` "
            "for the customer as the one item.",
        ),
        Field("where", WHERE, "Only beginnings whose properties are as stated."),
        Field("within", kinds.DURATION, "Forget a beginning after that."),
        Field(
            "net",
            names.PROPERTY,
            "A quantity: what finishes takes its own away from what was begun, all if it says "
            "none, and the item is open as long as any is left: two of three mugs.",
        ),
    ),
    (Field("at_least", kinds.COUNT, "How often it was begun, at least; once if not stated."),),
    inner=_ABANDONED_PARTS,
)
_MINUS_PARTS: Final = Group(
    "minus",
    (Field("total", names.PROPERTY, "What is taken off.", required=True), _OF, _WHERE, _TIMES),
)
_MINUS: Final = Field(
    "minus",
    Kind(
        "minus",
        "`{total: PROPERTY, of: EVENT}`",
        _MINUS_PARTS.schema(),
        _MINUS_PARTS.read,
        _MINUS_PARTS.kinds(),
    ),
    "Take this total off, over the same time: what was refunded.",
)
_TOTAL: Final = Leaf(
    "total",
    names.PROPERTY,
    "The sum of this property is as stated; 0 of nothing.",
    "{total: price, times: quantity, of: order_completed, where: {currency: EUR}, at_least: 150}",
    builders.aggregate("total"),
    (_OF, *_AGED, *_AMOUNTS, *_ONCE, _MINUS),
    DECIMAL_COMPARISON,
    needs=True,
)
_AVERAGE: Final = Leaf(
    "average",
    names.PROPERTY,
    "The average of this property is as stated, weighted by `times`; false of nothing.",
    "{average: price, of: product_viewed, where: {currency: EUR}, within: 30d, above: 99.95}",
    builders.aggregate("average"),
    (_OF, *_AGED, *_AMOUNTS, *_ONCE),
    DECIMAL_COMPARISON,
    needs=True,
)
_LARGEST: Final = Leaf(
    "largest",
    names.PROPERTY,
    "The largest value of this property is as stated; false of nothing.",
    "{largest: price, times: quantity, each: event, of: order_completed, at_least: 500}",
    builders.extreme("largest"),
    (_OF, *_SCOPE, *_AMOUNTS),
    DECIMAL_COMPARISON,
    needs=True,
)
_SMALLEST: Final = Leaf(
    "smallest",
    names.PROPERTY,
    "The smallest value of this property is as stated; false of nothing.",
    "{smallest: rating, of: product_reviewed, within: 90d, at_most: 2}",
    builders.extreme("smallest"),
    (_OF, *_SCOPE, *_AMOUNTS),
    DECIMAL_COMPARISON,
    needs=True,
)
_BESIDE: Final = {
    **dict.fromkeys(
        ("within", "older_than", "since"), "it stands beside ratio, and holds for part and whole"
    ),
    **dict.fromkeys(
        ("at_least", "at_most", "above", "below", "is"), "a comparison stands beside ratio"
    ),
    "same": "part and whole are counts of events, of different values, or totals",
}
_COUNT_PART: Final = Group(
    "a part of ratio",
    (
        Field("performed", names.EVENTS, "Count these events.", required=True),
        _WHERE,
        _DISTINCT,
        *_ONCE,
    ),
    (_PER_OR_DISTINCT,),
    belongs=_BESIDE,
)
_TOTAL_PART: Final = Group(
    "a part of ratio",
    (
        Field("total", names.PROPERTY, "Add up this property.", required=True),
        _OF,
        _WHERE,
        *_AMOUNTS,
        *_ONCE,
        _MINUS,
    ),
    belongs=_BESIDE,
)


def _part(node: Node, reading: Reading) -> Values:
    """Read one of the two forms of a part."""
    total = isinstance(node, MappingNode) and "total" in node.entries
    return (_TOTAL_PART if total else _COUNT_PART).read(node, reading)


_PART: Final = Kind(
    "part",
    "`performed` or `total` with its own scope",
    {"anyOf": [_COUNT_PART.schema(), _TOTAL_PART.schema()]},
    _part,
    (*_COUNT_PART.kinds(), *_TOTAL_PART.kinds()),
)
_RATIO_PARTS: Final = Group(
    "ratio",
    (
        Field("part", _PART, "What is divided.", required=True),
        Field("whole", _PART, "What it is divided by.", required=True),
    ),
)
_RATIO: Final = Leaf(
    "ratio",
    Kind(
        "ratio",
        "`{part: LEAF, whole: LEAF}`",
        _RATIO_PARTS.schema(),
        _RATIO_PARTS.read,
        _RATIO_PARTS.kinds(),
    ),
    "One count or total divided by another is as stated; false while the whole is not above 0.",
    "{ratio: {part: {performed: order_refunded}, whole: {performed: order_completed}}, "
    "within: 365d, of_at_least: 3, at_least: 50%}",
    builders.ratio,
    (
        _WITHIN,
        _OLDER_THAN,
        _SINCE,
        Field("of_at_least", kinds.POSITIVE, "The whole is at least so much, else it is false."),
    ),
    (
        Field("at_least", kinds.QUOTIENT, "That or more."),
        Field("at_most", kinds.QUOTIENT, "That or less."),
        Field("above", kinds.QUOTIENT, "More than that."),
        Field("below", kinds.QUOTIENT, "Less than that."),
    ),
    needs=True,
    inner=_RATIO_PARTS,
)
_LATEST: Final = Leaf(
    "latest",
    names.PROPERTY,
    "The last value of this property is as stated.",
    "{latest: rating, of: product_reviewed, at_most: 2}",
    builders.latest("latest", "last"),
    (_OF, _WHERE, _WITHIN),
    ANY_COMPARISON,
    EXISTS_ALONE,
    needs=True,
    compares=True,
)
_FIRST: Final = Leaf(
    "first",
    names.PROPERTY,
    "The first value of this property is as stated.",
    "{first: coupon, of: order_completed, exists: true}",
    builders.latest("first", "first"),
    (_OF, _WHERE),
    ANY_COMPARISON,
    EXISTS_ALONE,
    needs=True,
    compares=True,
)
_FAVOURS: Final = Leaf(
    "favours",
    names.PROPERTY,
    "The most frequent value of this property is as stated; that there is one, if nothing is.",
    "{favours: category, of: product_viewed, within: 30d, is: shoes, share: 50%}",
    builders.favours,
    (_OF, _WHERE, _WITHIN),
    (
        *(one for one in ANY_COMPARISON if one.name in ("is", "is_not", "in")),
        Field("share", kinds.SHARE, "Its part of all values carried, at least."),
        Field("at_least", kinds.COUNT, "How many events carry it, at least."),
    ),
    compares=True,
)
_TRAIT: Final = Leaf(
    "trait",
    names.TRAIT,
    "What is known about the customer is as stated.",
    "{trait: country, in: [DE, AT, CH]}",
    builders.trait,
    (),
    ANY_COMPARISON,
    EXISTS_ALONE,
    needs=True,
)
_IN_SEGMENT: Final = Leaf(
    "in_segment",
    names.MEMBERSHIP,
    "The customer is in this segment, or on this tier of a ladder (`engagement.active`).",
    "{in_segment: engagement.active, for: 7d}",
    builders.in_segment,
    (Field("for", kinds.DURATION, "Entered at least that long ago."),),
)
_LEFT_SEGMENT: Final = Leaf(
    "left_segment",
    names.MEMBERSHIP,
    "The customer was in this segment, or on this tier of a ladder (`engagement.active`), is not, "
    "and left it less than that long ago.",
    "{left_segment: engagement.active, within: 30d}",
    builders.left_segment,
    (Field("within", kinds.DURATION, "Left it less than that long ago.", required=True),),
)

_SEASON_PARTS: Final = Group(
    "season",
    (
        Field("from", kinds.SEASON_DAY, "The first day.", required=True),
        Field(
            "to",
            kinds.SEASON_DAY,
            "The last day; if it is before the first one, the season spans New Year.",
            required=True,
        ),
    ),
)
_SEASON: Final = Leaf(
    "season",
    Kind(
        "season",
        "`{from: MM-DD, to: MM-DD}`",
        _SEASON_PARTS.schema(),
        _SEASON_PARTS.read,
        _SEASON_PARTS.kinds(),
    ),
    "It is that time of the year, in the rule set's zone; both days are included. With a year on "
    "both days (`2026-11-24`) it comes once.",
    "{season: {from: 02-07, to: 02-14}}",
    builders.season,
    inner=_SEASON_PARTS,
)
_DAY_PARTS: Final = (
    Field("trait", names.TRAIT, "The trait with the date, as `YYYY-MM-DD`.", required=True),
    Field("before", kinds.DAYS, "So many days ahead of the day; none if not stated."),
    Field("after", kinds.DAYS, "So many days behind the day; none if not stated."),
)
_DATE_PARTS: Final = Group("date", _DAY_PARTS)
_DATE: Final = Leaf(
    "date",
    Kind(
        "date",
        "`{trait: NAME, before: 3d, after: 0d}`",
        _DATE_PARTS.schema(),
        _DATE_PARTS.read,
        _DATE_PARTS.kinds(),
    ),
    "The day comes, once, in its own year: whole days in the rule set's zone. False of a trait "
    "that is no `YYYY-MM-DD`.",
    "{date: {trait: trial_ends, before: 3d, after: 0d}}",
    builders.date,
    inner=_DATE_PARTS,
)
_ANNIVERSARY_PARTS: Final = Group("anniversary", _DAY_PARTS)
_ANNIVERSARY: Final = Leaf(
    "anniversary",
    Kind(
        "anniversary",
        "`{trait: NAME, before: 7d, after: 0d}`",
        _ANNIVERSARY_PARTS.schema(),
        _ANNIVERSARY_PARTS.read,
        _ANNIVERSARY_PARTS.kinds(),
    ),
    "The day comes round: whole days in the rule set's zone. 29 February is on the 28th in other "
    "years. False of a trait that is no `YYYY-MM-DD`.",
    "{anniversary: {trait: birth_date, before: 7d, after: 0d}}",
    builders.anniversary,
    inner=_ANNIVERSARY_PARTS,
)
_AGE_PARTS: Final = Group(
    "age",
    (Field("trait", names.TRAIT, "The trait with the date, as `YYYY-MM-DD`.", required=True),),
    belongs={
        name: f"it goes beside age: {{age: {{trait: …}}, {name}: 18}}"
        for name in ("at_least", "below")
    },
)
_AGE: Final = Leaf(
    "age",
    Kind("age", "`{trait: NAME}`", _AGE_PARTS.schema(), _AGE_PARTS.read, _AGE_PARTS.kinds()),
    "The whole years since that date, in the rule set's zone, are as stated; 29 February is on "
    "the 28th in other years. False of a trait that is no `YYYY-MM-DD`.",
    "{age: {trait: birth_date}, at_least: 18, below: 30}",
    builders.age,
    (),
    (
        Field("at_least", kinds.COUNT, "So many years or more."),
        Field("below", kinds.COUNT, "Fewer years than that."),
    ),
    needs=True,
    inner=_AGE_PARTS,
)
_PREDICTED: Final = Leaf(
    "predicted",
    models.NAMED,
    "The score of a model of the rule set is as stated. `bg_nbd`: how likely it is that the "
    "customer still is one; it falls from one purchase to the next, and is 1 as long as there is "
    "one purchase only. `gamma_gamma`: what a purchase is expected to be worth. False without any "
    "purchase.",
    "{predicted: alive, below: 0.5}",
    builders.predicted,
    (),
    (
        Field("at_least", kinds.SCORE, "That or more."),
        Field("below", kinds.SCORE, "Less than that."),
    ),
    needs=True,
)

LEAVES: Final[dict[str, Leaf]] = {
    leaf.key: leaf
    for leaf in (
        _PERFORMED,
        _NOT_PERFORMED,
        _QUIET,
        _AGO,
        _SEQUENCE,
        _ABANDONED,
        _TOTAL,
        _AVERAGE,
        _LARGEST,
        _SMALLEST,
        _RATIO,
        _LATEST,
        _FIRST,
        _FAVOURS,
        _TRAIT,
        _IN_SEGMENT,
        _LEFT_SEGMENT,
        _SEASON,
        _DATE,
        _ANNIVERSARY,
        _AGE,
        _PREDICTED,
    )
}
"""Every leaf by its key, in the order of the reference."""
