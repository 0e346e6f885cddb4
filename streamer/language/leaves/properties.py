"""Leaves of one property's values, and of traits."""

from typing import Final

from streamer.language import builders, kinds, names
from streamer.language.comparisons import ANY_COMPARISON, EXISTS_ALONE
from streamer.language.fields import Field
from streamer.language.leaves import scope
from streamer.language.leaves.leaf import LeafKind

_LATEST: Final = LeafKind(
    "latest",
    names.PROPERTY,
    "The last value of this property is as stated.",
    "{latest: rating, of: product_reviewed, at_most: 2}",
    builders.latest("latest", "last"),
    (scope.OF, scope.WHERE, scope.WITHIN),
    ANY_COMPARISON,
    EXISTS_ALONE,
    needs=True,
    compares=True,
)
_FIRST: Final = LeafKind(
    "first",
    names.PROPERTY,
    "The first value of this property is as stated.",
    "{first: coupon, of: order_completed, exists: true}",
    builders.latest("first", "first"),
    (scope.OF, scope.WHERE),
    ANY_COMPARISON,
    EXISTS_ALONE,
    needs=True,
    compares=True,
)
_FAVOURS: Final = LeafKind(
    "favours",
    names.PROPERTY,
    "The most frequent value of this property is as stated; that there is one, if nothing is.",
    "{favours: category, of: product_viewed, within: 30d, is: shoes, share: 50%}",
    builders.favours,
    (scope.OF, scope.WHERE, scope.WITHIN),
    (
        *(one for one in ANY_COMPARISON if one.name in ("is", "is_not", "in")),
        Field("share", kinds.SHARE, "Its part of all values carried, at least."),
        Field("at_least", kinds.COUNT, "How many events carry it, at least."),
    ),
    compares=True,
)
_TRAIT: Final = LeafKind(
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

LEAVES: Final = (_LATEST, _FIRST, _FAVOURS, _TRAIT)
