"""Leaves of the segments that a customer is in, or left."""

from typing import Final

from streamer.language import builders, kinds, names
from streamer.language.fields import Field
from streamer.language.leaves.leaf import LeafKind

_IN_SEGMENT: Final = LeafKind(
    "in_segment",
    names.MEMBERSHIP,
    "The customer is in this segment, or on this tier of a ladder (`engagement.active`).",
    "{in_segment: engagement.active, for: 7d}",
    builders.in_segment,
    (Field("for", kinds.DURATION, "Entered at least that long ago."),),
)
_LEFT_SEGMENT: Final = LeafKind(
    "left_segment",
    names.MEMBERSHIP,
    "The customer was in this segment, or on this tier of a ladder (`engagement.active`), is not, "
    "and left it less than that long ago.",
    "{left_segment: engagement.active, within: 30d}",
    builders.left_segment,
    (Field("within", kinds.DURATION, "Left it less than that long ago.", required=True),),
)

LEAVES: Final = (_IN_SEGMENT, _LEFT_SEGMENT)
