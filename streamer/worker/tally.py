"""Counts of what workers have done, for metrics and summaries; of committed batches only."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from streamer.codecs.unusable import add
from streamer.ports import Advance, RefusedLink
from streamer.types import Millis, Unusable

MOST_REFUSED: Final = 100
"""From so many links that were not made on, further ones are counted and not named."""


@dataclass(slots=True)
class RecordTally:
    """Counts of records by outcome, overflows by the cell's slot, and changes.

    `invalid` counts records that are no event by the place in the schema that they break, `links`
    what became of links between ids. `refused_links` are some that were not made, until they are
    written down and taken out. `unusable` are the properties that rules read and could not.
    `migrated` counts profiles that were decided under new rules.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)
    refused_links: Counter[RefusedLink] = field(default_factory=Counter)
    overflows: Counter[int] = field(default_factory=Counter)
    invalid: Counter[str] = field(default_factory=Counter)
    unusable: dict[str, Unusable] = field(default_factory=dict)
    changes: Counter[tuple[str, ...]] = field(default_factory=Counter)
    migrated: int = 0
    earliest: Millis | None = None
    latest: Millis | None = None
    """The smallest and the largest time of an accepted event."""

    def add(self, advance: Advance) -> None:
        """Add the counts of a committed batch."""
        self.outcomes.update(advance.outcomes)
        self.links.update(advance.links)
        if len(self.refused_links) < MOST_REFUSED:
            self.refused_links.update(advance.refused_links)
        self.overflows.update(advance.overflows)
        self.invalid.update(one.path for one in advance.rejections if one.kind == "invalid")
        add(self.unusable, advance.unusable)
        self.migrated += advance.migrated
        if advance.earliest is not None and advance.latest is not None:
            self.earliest = min(advance.earliest, self.earliest or advance.earliest)
            self.latest = max(advance.latest, self.latest or advance.latest)
