"""Leaves of events that happened, or did not."""

from typing import Final

from streamer.language import builders, kinds, names
from streamer.language.comparisons import WHERE
from streamer.language.fields import Apart, Field, Group
from streamer.language.leaves import scope
from streamer.language.leaves.leaf import LeafKind
from streamer.language.steps import STEPS

_PERFORMED: Final = LeafKind(
    "performed",
    names.EVENTS,
    "The number of such events is as stated; at least 1 if nothing is stated.",
    "{performed: product_viewed, at_least: 10, within: 24h}",
    builders.performed,
    (
        *scope.AGED,
        scope.DISTINCT,
        *scope.ONCE,
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
        scope.PER_OR_DISTINCT,
        Apart("per", "same", "per counts one event of each value"),
        Apart("same", "at_most", "same goes with at_least only"),
        Apart("same", "is", "same goes with at_least only"),
    ),
)
_NOT_PERFORMED: Final = LeafKind(
    "not_performed",
    names.EVENTS,
    "There is no such event.",
    "{not_performed: order_completed, since: product_added}",
    builders.not_performed,
    scope.AGED,
)
_QUIET: Final = LeafKind(
    "quiet",
    kinds.DURATION,
    "No event for that long.",
    "{quiet: 30m}",
    builders.quiet,
    (Field("events", names.EVENTS, "The events that end the silence; any if nothing is stated."),),
)
_AGO: Final = LeafKind(
    "ago",
    names.EVENTS,
    "The last such event is that long ago.",
    "{ago: order_completed, at_least: 60d, less_than: 90d}",
    builders.ago,
    (
        scope.WHERE,
        Field("which", kinds.choice("which", "first", "last"), "Which one to look at."),
    ),
    (
        Field("at_least", kinds.DURATION, "That long ago or longer."),
        Field("less_than", kinds.DURATION, "Less long ago than that."),
    ),
    needs=True,
)
_SEQUENCE: Final = LeafKind(
    "sequence",
    STEPS,
    "The steps happened in this order: up to 8 different events, others may lie between.",
    "{sequence: [product_viewed, product_added, order_completed], span: 1d}",
    builders.sequence,
    (
        scope.WITHIN,
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
_ABANDONED: Final = LeafKind(
    "abandoned",
    _ABANDONED_PARTS.kind("`{did: EVENT, without: EVENT, for: D}`"),
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

LEAVES: Final = (_PERFORMED, _NOT_PERFORMED, _QUIET, _AGO, _SEQUENCE, _ABANDONED)
