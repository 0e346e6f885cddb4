"""Something begun and not finished: `abandoned`."""

from dataclasses import dataclass

from streamer.core.syntax import Clause, Names
from streamer.types import Millis


@dataclass(frozen=True, slots=True)
class Abandoned:
    """For some one value of `same`, `did` happened, `without` has not since, for `lasting` ms.

    `same` is None for the customer as the one item (`same: customer`). `where` is of the `did`s.
    """

    did: Names
    without: Names
    lasting: Millis = 0
    same: str | None = "product_id"
    where: tuple[Clause, ...] = ()
    within: Millis | None = None
    at_least: int = 1
