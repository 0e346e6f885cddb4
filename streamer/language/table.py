"""The table of the language: every leaf with its scope keys and comparisons.

The reader, the JSON Schema and the reference all come of it. To add a leaf: an entry in a module of
`leaves`, and a function in `builders`.
"""

from typing import Final

from streamer.language.leaves import amounts, days, events, memberships, properties, scores
from streamer.language.leaves.leaf import LeafKind

LEAVES: Final[dict[str, LeafKind]] = {
    leaf.key: leaf
    for leaf in (
        *events.LEAVES,
        *amounts.LEAVES,
        *properties.LEAVES,
        *memberships.LEAVES,
        *days.LEAVES,
        *scores.LEAVES,
    )
}
"""Every leaf by its key, in the order of the reference."""
