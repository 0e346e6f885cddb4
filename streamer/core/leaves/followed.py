"""Leaves that follow sums through time: `older_than`, `per`, `minus`, `ratio`."""

from fractions import Fraction
from typing import Final, final

from streamer.core import wording
from streamer.core.leaf import ALWAYS, NEVER, CellRef, Leaf, Until
from streamer.core.leaves.between import Between
from streamer.core.leaves.flow import Flow
from streamer.core.profile import Profile
from streamer.core.rules.spec import Comparison, Scope
from streamer.core.state.ledger import UNIT, LedgerState
from streamer.core.values import shown
from streamer.types import FOREVER, Millis

MOST_STEPS: Final = 128
"""How many instants one question follows; then the answer holds until the next one, when it is
asked again."""


class Judge:
    """A verdict on some sums at one instant."""

    def holds(self, flows: list[Flow]) -> bool:
        """Say whether it holds."""
        raise NotImplementedError

    def detail(self, flows: list[Flow]) -> str:
        """Say what the sums are."""
        raise NotImplementedError

    def lacks(self, flows: list[Flow]) -> str:
        """Say what is missing where it does not hold."""
        raise NotImplementedError


@final
class Compares(Judge):
    """The first sum, less the second if there is one, compares as stated.

    With `unit` its average does: the sum by the weights, `unit` of which are one value. `currency`
    is said beside it.
    """

    def __init__(
        self, comparisons: tuple[Comparison, ...], unit: int = 0, currency: str = ""
    ) -> None:
        self._wanted = Between(comparisons)
        self._unit = unit
        self._currency = currency

    def holds(self, flows: list[Flow]) -> bool:
        """Compare, an average without a quotient."""
        amount, count = _less(flows, 0, len(flows)), flows[0].count
        if self._unit:
            return count > 0 and self._wanted.includes(amount * self._unit, count)
        return self._wanted.includes(amount, 1)

    def detail(self, flows: list[Flow]) -> str:
        """Say the sum or the average."""
        amount, count = _less(flows, 0, len(flows)), flows[0].count
        if self._unit:
            if count <= 0:
                return "nothing"
            mean = wording.decimal(round(amount * self._unit / count))
            return f"{mean} of {wording.decimal(count * UNIT // self._unit)}"
        return wording.decimal(amount)

    def lacks(self, flows: list[Flow]) -> str:
        """Say how much there is of how much."""
        if self.holds(flows):
            return ""
        amount, count = _less(flows, 0, len(flows)), flows[0].count
        if self._unit:
            if count <= 0:
                return "nothing to average"
            amount = round(amount * self._unit / count)
        return self._wanted.lacks(amount) + self._currency


@final
class Share:
    """A fraction that shares are compared with, in whole numbers."""

    def __init__(self, fraction: Fraction) -> None:
        self._numerator = fraction.numerator
        self._denominator = fraction.denominator

    def excess(self, part: int, whole: int) -> int:
        """Return a number with the sign of part / whole less the fraction; `whole` is above 0."""
        return part * self._denominator - self._numerator * whole


def _share(fraction: Fraction | None) -> Share | None:
    return None if fraction is None else Share(fraction)


@final
class Divides(Judge):
    """The sum of the first `parts` flows divided by that of the rest compares as stated."""

    def __init__(
        self,
        parts: int,
        low: tuple[Fraction | None, Fraction | None],
        high: tuple[Fraction | None, Fraction | None],
        least: Fraction | None,
    ) -> None:
        self._parts = parts
        self._at_least, self._above = _share(low[0]), _share(low[1])
        self._at_most, self._below = _share(high[0]), _share(high[1])
        self._least = Fraction(0) if least is None else least * UNIT
        self._enough = Share(self._least)

    def holds(self, flows: list[Flow]) -> bool:
        """Compare without a quotient."""
        part, whole = self._part(flows), self._whole(flows)
        if whole <= 0 or self._enough.excess(whole, 1) < 0:
            return False
        if self._at_least is not None and self._at_least.excess(part, whole) < 0:
            return False
        if self._above is not None and self._above.excess(part, whole) <= 0:
            return False
        if self._at_most is not None and self._at_most.excess(part, whole) > 0:
            return False
        return self._below is None or self._below.excess(part, whole) < 0

    def _part(self, flows: list[Flow]) -> int:
        return _less(flows, 0, self._parts)

    def _whole(self, flows: list[Flow]) -> int:
        return _less(flows, self._parts, len(flows))

    def detail(self, flows: list[Flow]) -> str:
        """Say both sums."""
        part, whole = self._part(flows), self._whole(flows)
        return f"{wording.decimal(part)} of {wording.decimal(whole)}"

    def lacks(self, flows: list[Flow]) -> str:
        """Say what of the whole is missing, or what the share is."""
        if self.holds(flows):
            return ""
        part, whole = self._part(flows), self._whole(flows)
        if whole <= 0 or whole < self._least:
            least = f" of at least {float(self._least / UNIT):g}" if self._least else ""
            return f"a whole of {wording.decimal(whole)}{least}"
        return f"a share of {part / whole:.4g}"


def _less(flows: list[Flow], first: int, end: int) -> int:
    """Return the first amount of a run of flows, less the others."""
    amount = flows[first].amount
    for index in range(first + 1, end):
        amount -= flows[index].amount
    return amount


@final
class Followed(Leaf):
    """A verdict on sums, at every instant at which one of them changes by time alone."""

    def __init__(self, label: str, flows: list[Flow], judge: Judge) -> None:
        super().__init__(label)
        self._flows = flows
        self._judge = judge

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Say whether it holds, and follow the sums to where that changes."""
        flows, judge = self._flows, self._judge
        for flow in flows:
            flow.begin(profile, now)
        held = judge.holds(flows)
        until = now
        for _ in range(MOST_STEPS):
            until = FOREVER
            for flow in flows:
                following = flow.next()
                if following < until:
                    until = following
            if until == FOREVER:
                return ALWAYS if held else NEVER
            for flow in flows:
                flow.move(until)
            if judge.holds(flows) is not held:
                break
        return until if held else -until

    def detail(self, profile: Profile, now: Millis) -> str:
        """Say what the sums are."""
        for flow in self._flows:
            flow.begin(profile, now)
        return self._judge.detail(self._flows)

    def lacks(self, profile: Profile, now: Millis) -> str:
        """Say what the sums lack."""
        for flow in self._flows:
            flow.begin(profile, now)
        return self._judge.lacks(self._flows)


@final
class MostFrequentOld(Leaf):
    """Some value was carried at least `low` times by events that are old enough."""

    def __init__(self, label: str, ref: CellRef, scope: Scope, low: int) -> None:
        super().__init__(label)
        self._ref = ref
        self._within = scope.within or 0
        self._older = scope.older or 0
        self._low = low

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Say whether a value has so many; follow the spells to where none covers."""
        spells = sorted(self._spells(profile))
        until = now
        for begins, over in spells:
            if begins > until:
                return until if until > now else -begins
            until = max(until, over)
        return until if until > now else NEVER

    def _spells(self, profile: Profile) -> list[tuple[Millis, Millis]]:
        """Return from when until when each run of so many entries of a value counts."""
        state = self._ref.state(profile)
        if state is None:
            return []
        assert isinstance(state, LedgerState)
        found: list[tuple[Millis, Millis]] = []
        for entries in state.by_value.values():
            for index in range(self._low - 1, len(entries)):
                begins = entries[index][0] + self._older
                first = entries[index - self._low + 1][0]
                over = first + self._within if self._within else FOREVER
                if over > begins:
                    found.append((begins, over))
        return found

    def detail(self, profile: Profile, now: Millis) -> str:
        """Name the value that has most."""
        most, found = self._most(profile, now)
        return f"{found}, {most} times" if most else "no value so often"

    def lacks(self, profile: Profile, now: Millis) -> str:
        """Say how often the value was carried that was carried most often."""
        most, found = self._most(profile, now)
        if most >= self._low:
            return ""
        return f"{most} of {self._low}{f': {found}' if most else ''}"

    def _most(self, profile: Profile, now: Millis) -> tuple[int, str]:
        state = self._ref.state(profile)
        most, found = 0, ""
        if state is not None:
            assert isinstance(state, LedgerState)
            gone = now - self._within if self._within else 0
            for value, entries in state.by_value.items():
                number = len([one for one in entries if gone < one[0] <= now - self._older])
                if number >= most:
                    most, found = number, shown(value)
        return most, found
