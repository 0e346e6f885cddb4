"""Keys that several leaves have: which events they look at, and what they take of each."""

from typing import Final

from streamer.language import kinds, names
from streamer.language.comparisons import WHERE as CONDITIONS
from streamer.language.fields import Apart, Field

WHERE: Final = Field(
    "where",
    CONDITIONS,
    "Only events whose properties are as stated. A property is read from the event, or else from "
    "each of its `products`; conditions read from products must hold of one and the same product.",
)
WITHIN: Final = Field(
    "within",
    kinds.DURATION,
    "Only the time that long before now, the beginning left out. Without it: all of history.",
)
SINCE: Final = Field(
    "since",
    names.EVENTS,
    "Only events after the latest of these. Nothing counts before there was one.",
)
OLDER_THAN: Final = Field(
    "older_than",
    kinds.DURATION,
    "Only events that are at least that old. Beside `within`: from that long ago to this.",
)
PER: Final = Field(
    "per",
    names.PROPERTY,
    "Of the events with one value of this property only the latest counts; one without a value "
    "counts by itself.",
)
WITHOUT: Final = Field(
    "without",
    names.EVENTS,
    "An event does not count any more once one of these comes after it with the same value of "
    "`per`: an order that was cancelled.",
    beside="per",
)
ONCE: Final = (PER, WITHOUT)
OF: Final = Field("of", names.EVENTS, "The events to read the property from.", required=True)
SCOPE: Final = (WHERE, WITHIN, SINCE)
AGED: Final = (WHERE, WITHIN, OLDER_THAN, SINCE)
TIMES: Final = Field(
    "times",
    names.PROPERTY,
    "Multiply each value by this property, read from the same event or product: price times "
    "quantity. Where it is missing by 1; where it is no number, the value does not count.",
)
DISTINCT: Final = Field(
    "distinct",
    names.PROPERTY,
    "Count the different values of this property; `day` counts different calendar days.",
)
PER_OR_DISTINCT: Final = Apart("per", "distinct", "per counts events, distinct counts values")
EACH: Final = Field(
    "each",
    kinds.choice("each_event", "event"),
    "Add up what one event carries, and take it as one value: the value of an order.",
)
AMOUNTS: Final = (TIMES, EACH)
