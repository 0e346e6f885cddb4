"""Leaves of what a model foretells of a customer."""

from typing import Final

from streamer.language import builders, kinds, models
from streamer.language.fields import Field
from streamer.language.leaves.leaf import LeafKind

_PREDICTED: Final = LeafKind(
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

LEAVES: Final = (_PREDICTED,)
