"""What workers have done, for whoever wants to count it."""

from collections import Counter
from dataclasses import dataclass, field

from streamer.types import Millis
from streamer.worker.cycle import Cycle


@dataclass(slots=True)
class Tally:
    """What workers have done: records by outcome, bounds passed by memory slot, changes.

    `renewed` counts profiles that were decided anew because rules had changed.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    beyond: Counter[int] = field(default_factory=Counter)
    changes: Counter[tuple[str, ...]] = field(default_factory=Counter)
    renewed: int = 0
    earliest: Millis | None = None
    latest: Millis | None = None
    """The smallest and the largest time of an accepted event."""

    def add(self, cycle: Cycle) -> None:
        """Count what a committed cycle did."""
        self.outcomes.update(cycle.outcomes)
        self.beyond.update(cycle.beyond)
        self.renewed += cycle.renewed
        if cycle.earliest is not None and cycle.latest is not None:
            self.earliest = min(cycle.earliest, self.earliest or cycle.earliest)
            self.latest = max(cycle.latest, self.latest or cycle.latest)
