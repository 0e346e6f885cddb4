"""Sums and averages: `total`, `average`."""

from dataclasses import dataclass
from typing import Literal

from streamer.core.syntax import Comparison, Scope


@dataclass(frozen=True, slots=True)
class Aggregate:
    """The total or average of `property`, each value multiplied by `times`, compares as stated.

    Operands are whole numbers of ten-thousandths.
    """

    kind: Literal["total", "average"]
    property: str
    scope: Scope
    comparisons: tuple[Comparison, ...]
    times: str | None = None
