"""What workers have done, for whoever wants to count it."""

from collections import Counter
from dataclasses import dataclass, field

from streamer.ports import Advance
from streamer.types import Millis


@dataclass(slots=True)
class Tally:
    """What workers have done: records by outcome, overflows by the cell's slot, changes.

    `migrated` counts profiles that were decided under new rules.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    overflows: Counter[int] = field(default_factory=Counter)
    changes: Counter[tuple[str, ...]] = field(default_factory=Counter)
    migrated: int = 0
    earliest: Millis | None = None
    latest: Millis | None = None
    """The smallest and the largest time of an accepted event."""

    def add(self, advance: Advance) -> None:
        """Count what a committed batch did."""
        self.outcomes.update(advance.outcomes)
        self.overflows.update(advance.overflows)
        self.migrated += advance.migrated
        if advance.earliest is not None and advance.latest is not None:
            self.earliest = min(advance.earliest, self.earliest or advance.earliest)
            self.latest = max(advance.latest, self.latest or advance.latest)
