"""The largest and the smallest value: `largest`, `smallest`."""

from dataclasses import dataclass
from typing import Literal

from streamer.core.syntax import Comparison, Scope


@dataclass(frozen=True, slots=True)
class Extreme:
    """The largest or smallest value of `property` compares as stated.

    Operands are whole numbers of ten-thousandths.
    """

    kind: Literal["largest", "smallest"]
    property: str
    scope: Scope
    comparisons: tuple[Comparison, ...]
