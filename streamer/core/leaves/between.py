"""Which sums or averages are wanted."""

from typing import final

from streamer.core import wording
from streamer.core.rules.spec import Comparison


@final
class Between:
    """Which totals are wanted: from `low` to `high`; each end None for none.

    Of an end that is not included the 1 is left out which makes it one that is, so that ends can be
    multiplied by a count to compare averages without a quotient.
    """

    def __init__(self, comparisons: tuple[Comparison, ...]) -> None:
        self.low: int | None = None
        self.high: int | None = None
        self.low_open = 0
        self.high_open = 0
        for one in comparisons:
            operand = one.operand
            if isinstance(operand, int):
                if one.operator not in {"at_most", "below"}:
                    self._at_least(operand, 1 if one.operator == "above" else 0)
                if one.operator not in {"at_least", "above"}:
                    self._at_most(operand, 1 if one.operator == "below" else 0)

    def _at_least(self, operand: int, left_out: int) -> None:
        if self.low is None or (operand, left_out) > (self.low, self.low_open):
            self.low, self.low_open = operand, left_out

    def _at_most(self, operand: int, left_out: int) -> None:
        if self.high is None or (operand, -left_out) < (self.high, -self.high_open):
            self.high, self.high_open = operand, left_out

    def includes(self, amount: int, count: int) -> bool:
        """Say whether a sum of so many values lies between so many times the ends."""
        low, high = self.low, self.high
        if low is not None and amount < low * count + self.low_open:
            return False
        return high is None or amount <= high * count - self.high_open

    def lacks(self, amount: int) -> str:
        """Say how much there is of how much, or how much of it is too much."""
        low, high = self.low, self.high
        if low is not None and amount < low + self.low_open:
            return (
                f"{wording.decimal(amount)} of {'more than ' * self.low_open}{wording.decimal(low)}"
            )
        if high is not None and amount > high - self.high_open:
            if amount == high:
                return f"{wording.decimal(amount)} is not below {wording.decimal(high)}"
            return f"{wording.decimal(amount - high)} too much"
        return ""
