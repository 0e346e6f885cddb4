"""A program: all segments of a rule set compiled together, ready to decide.

Guarantees: segments are in the order in which they are decided (by the longest chain of references
below them, then by key); every cell has one slot, shared by all leaves with the same identity; and
for each event name it is known which cells it moves and which segments it can touch.
"""

from typing import Final, final
from zoneinfo import ZoneInfo

from streamer.core.engine.segment import CompiledSegment
from streamer.core.rules.identity import cell_key
from streamer.core.rules.spec import Header
from streamer.core.standard import kinds_of
from streamer.core.state.cell import Cell, Identity
from streamer.core.state.times import Times
from streamer.types import FOREVER, Millis

MOST_BYTES: Final = 65_536
"""How many bytes the parts of a profile may take that grow with what the customer does."""


@final
class Reaction:
    """What an event of one name does: the cells that it moves, then the segments to decide.

    `followers` says for each of these segments whether the event cannot touch it itself: it only
    asks about other segments, so it is decided if one before it has moved. `standard` are the
    standard properties that the cells read, with their kinds.
    """

    def __init__(
        self, cells: list[Cell], segments: list[CompiledSegment], followers: list[bool]
    ) -> None:
        self.standard = kinds_of([name for cell in cells for name in cell.reads])
        self.cells = cells
        self.segments = segments
        self.followers = followers


@final
class RuleSet:
    """All segments compiled together, with the hash of all that decides as `version`.

    `names` are the event names that rules name; every other one does what `any` asks for. `reads`
    says what each column of a row is, and `columns` how many there are. `patience` is the silence
    (ms) after which something can be forgotten. `joins` says whether anonymous ids join users, and
    `last_user` whether they go with the user who came last.
    """

    def __init__(
        self,
        header: Header,
        version: str,
        segments: tuple[CompiledSegment, ...],
        cells: tuple[Cell, ...],
        names: frozenset[str],
        reads: tuple[Identity, ...],
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.header = header
        self.max_lateness: Millis = header.max_lateness
        self.lateness: Millis = header.lateness
        self.retention: Millis = header.retention
        self.joins = header.anonymous != "none"
        self.last_user = header.anonymous == "last"
        self.version = version
        self.segments = segments
        self.cells = cells
        self.reads = reads
        self.columns = len(reads)
        self.zone = ZoneInfo(header.zone)
        self.most_bytes = most_bytes
        self.names = names | {"identified"}
        self.cell_keys = tuple(cell_key(cell.meaning()) for cell in cells)
        self.decided = list(segments)
        self.trait_cells = [cell for cell in cells if cell.of_traits]
        lasting = [cell for cell in cells if cell.horizon != FOREVER]
        self.forgetful = sorted(lasting, key=lambda cell: cell.horizon)
        self.patience: Millis = min([header.max_lateness + 1, *(cell.horizon for cell in lasting)])
        self.counts_all = [cell for cell in cells if isinstance(cell, Times) and cell.of_everything]
        self._reactions: dict[str, Reaction] = {}

    def reaction(self, name: str) -> Reaction:
        """Return the cells and segments that an event of that name moves, traits aside.

        Names that no rule names share one reaction, so their number does not matter.
        """
        reaction = self._reactions.get(name)
        if reaction is None:
            known = name if name in self.names else ""
            reaction = self._reactions.get(known)
            if reaction is None:
                reaction = self._reactions[known] = self._react(known)
        return reaction

    def _react(self, name: str) -> Reaction:
        cells = [cell for cell in self.cells if cell.listens(name) and not cell.of_traits]
        moved = {cell.slot for cell in cells}
        touched = {one.index for one in self.segments if one.slots & moved}
        segments = [one for one in self.segments if one.index in touched or one.references]
        return Reaction(cells, segments, [one.index not in touched for one in segments])
