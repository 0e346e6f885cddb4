"""Columns of an event: each property that some rule reads, read once per event for all cells.

Guarantees the meaning of RULES.md, "Exact meaning" 8 to 11 and 14:

* A property is read from the event's `properties`; only if nothing but null is found there, from
  each element of `properties.products`. Dots descend into objects, lists are flattened.
* Values are texts, finite numbers, true and false. Types never mix: 5 is not "5", 1 is not true.
* The clauses of one `where` that are read from products must hold of one and the same product,
  and a leaf then reads its own property from just those products.
"""

from datetime import UTC, datetime, tzinfo
from typing import Any, TypeAlias

from mypy_extensions import mypyc_attr

from streamer.core.moments import part_of
from streamer.core.rules.spec import Clause, Comparison
from streamer.core.standard import Unusable, standardised
from streamer.core.values import (
    LARGEST_NUMBER,
    LONGEST_TEXT,
    OWN,
    SCALE,
    TIME,
    Holder,
    Property,
    Value,
    product,
    remembered,
    ten_thousandths,
    wants_absence,
)
from streamer.types import SECOND, Millis, Scalar

Passed: TypeAlias = list[Holder] | None
"""The products that a filter lets through; None for all of them."""


@mypyc_attr(acyclic=True, free_list_len=1)
class Row:
    """One event as the cells of a program read it: `found` keeps what each column has read.

    `standard` are the standard properties that some cell reads: they are brought to their kinds.
    `unusable` are the properties that were there and could not be read, with what stood there.
    """

    __slots__ = (
        "_moment",
        "_zone",
        "context",
        "found",
        "name",
        "products",
        "properties",
        "time",
        "traits",
        "unusable",
    )

    def __init__(  # noqa: PLR0913, PLR0917 (what an event is, and how rules read it)
        self,
        name: str,
        time: Millis,
        properties: Holder,
        traits: Holder | None,
        columns: int,
        standard: list[tuple[str, str]] | None = None,
        context: Holder | None = None,
        zone: tzinfo = UTC,
    ) -> None:
        self._zone = zone
        self._moment: datetime | None = None
        self.context = context
        self.name = name
        self.time = time
        self.traits = traits
        self.found: list[Any] = [None] * columns
        self.unusable: Unusable = {}
        self.properties, self.products = standardised(properties, standard or [], self.unusable)

    def part(self, name: str) -> str | int:
        """Return a part of the event's time in the zone of the rules."""
        if self._moment is None:
            self._moment = datetime.fromtimestamp(self.time // SECOND, self._zone)
        return part_of(self._moment, name)


class Test:
    """One comparison of one value."""

    def __init__(self, comparison: Comparison) -> None:
        self._operator = comparison.operator
        operand = comparison.operand
        self._operand: Any = operand
        self._several: tuple[Scalar, ...] = operand if isinstance(operand, tuple) else (operand,)

    def holds(self, value: Scalar) -> bool:
        """Say whether a value satisfies the comparison; `exists` says what it asks for."""
        operator = self._operator
        if operator in {"is", "in"}:
            return self._among(value)
        if operator in {"is_not", "not_in"}:
            return not self._among(value)
        if operator == "exists":
            return bool(self._operand)
        if operator == "starts_with":
            return isinstance(value, str) and value.startswith(self._operand)
        if operator == "ends_with":
            return isinstance(value, str) and value.endswith(self._operand)
        if operator == "contains":
            return isinstance(value, str) and self._operand in value
        return self._ordered(value, operator)

    def _among(self, value: Scalar) -> bool:
        truth = isinstance(value, bool)
        for one in self._several:
            if value == one and truth == isinstance(one, bool):
                return True
        return False

    def _ordered(self, value: Scalar, operator: str) -> bool:
        if isinstance(self._operand, str):  # a date
            if not isinstance(value, str):
                return False
        elif type(value) is not int and type(value) is not float:
            return False
        if operator == "at_least":
            return bool(value >= self._operand)
        if operator == "at_most":
            return bool(value <= self._operand)
        if operator == "above":
            return bool(value > self._operand)
        return bool(value < self._operand)


class Tests:
    """Several comparisons, which one and the same value must satisfy.

    `is_not` and `not_in` hold of all values or not at all.
    """

    def __init__(self, comparisons: tuple[Comparison, ...]) -> None:
        self._of_one: list[Test] = []
        self._of_all: list[Test] = []
        for one in comparisons:
            tests = self._of_all if one.operator in {"is_not", "not_in"} else self._of_one
            tests.append(Test(one))

    def holds(self, value: Scalar) -> bool:
        """Say whether a single value satisfies all of them."""
        return _satisfies(self._of_all, value) and _satisfies(self._of_one, value)

    def hold_of(self, values: list[Scalar] | None) -> bool:
        """Say whether several values do: all of them what is negated, one of them the rest."""
        if not values:
            return False
        if self._of_all:
            for value in values:
                if not _satisfies(self._of_all, value):
                    return False
        for value in values:
            if _satisfies(self._of_one, value):
                return True
        return False

    def telling(self, values: list[Scalar]) -> Scalar:
        """Return the one of several values that decides: that breaks what all must, or satisfies.

        If none does, the first one.
        """
        for value in values:
            if not _satisfies(self._of_all, value):
                return value
        for value in values:
            if _satisfies(self._of_one, value):
                return value
        return values[0]


def _satisfies(tests: list[Test], value: Scalar) -> bool:
    for test in tests:
        if not test.holds(value):
            return False
    return True


class Filter:
    """The clauses of one `where`."""

    def __init__(self, index: int, where: tuple[Clause, ...]) -> None:
        self._index = index
        self._absent = [
            Property(clause.property) for clause in where if wants_absence(clause.comparisons)
        ]
        present = [clause for clause in where if not wants_absence(clause.comparisons)]
        self._properties = [Property(clause.property) for clause in present]
        self._tests = [Tests(clause.comparisons) for clause in present]

    def passes(self, row: Row) -> bool:
        """Say whether the event satisfies every clause."""
        return self._read(row)[0]

    def products(self, row: Row) -> Passed:
        """Return the products that satisfy the clauses read from products; None for all."""
        passed: Passed = self._read(row)[1]
        return passed

    def _read(self, row: Row) -> tuple[bool, Passed]:
        found: tuple[bool, Passed] | None = row.found[self._index]
        if found is None:
            found = self._asked(row)
            row.found[self._index] = found
        return found

    def _asked(self, row: Row) -> tuple[bool, Passed]:
        for absent in self._absent:
            if not self._missing(absent, row):
                return False, None
        of_products: list[int] = []
        for number, read in enumerate(self._properties):
            values = carried(read, row)
            if values is None:
                of_products.append(number)
            elif not self._tests[number].hold_of(values):
                return False, None
        if not of_products:
            return True, None
        chosen = [product for product in row.products if self._fits(product, of_products)]
        return bool(chosen), chosen

    def _fits(self, product: Holder, clauses: list[int]) -> bool:
        for number in clauses:
            if not self._tests[number].hold_of(self._properties[number].at(product)):
                return False
        return True

    @staticmethod
    def _missing(read: Property, row: Row) -> bool:
        """Say whether nothing in the event carries the property."""
        values = carried(read, row)
        if values is not None:
            return not values
        for element in row.products:
            if read.at(element):
                return False
        return True


class Column:
    """The different values of one property, in order, as they are remembered."""

    def __init__(self, index: int, name: str, where: Filter | None) -> None:
        self._index = index
        self._name = name
        self._read = Property(name)
        self._where = where
        self._plain = where is None and "." not in name

    def values(self, row: Row) -> list[Value]:
        """Return the values, empty where the event has none or does not pass the filter."""
        found: list[Value] | None = row.found[self._index]
        if found is None:
            found = self._found(row)
            row.found[self._index] = found
        return found

    def _found(self, row: Row) -> list[Value]:
        if self._plain:
            value = row.properties.get(self._name)
            if type(value) is str and len(value) <= LONGEST_TEXT:
                return [value]
        found: dict[Value, None] = {}
        for value, _ in read_with_holders(self._read, self._where, row):
            found[remembered(value)] = None
        return list(found)

    def scalars(self, row: Row) -> list[Scalar]:
        """Return all values, repeats too, as they were written."""
        return [value for value, _ in read_with_holders(self._read, self._where, row)]


class Amounts:
    """The numbers of one property in ten-thousandths, each times the number beside it.

    The weight of a number is 1, or the number beside it in ten-thousandths. With `each`, what one
    event carries is added up and is one number with the weight 1.
    """

    def __init__(
        self, index: int, name: str, where: Filter | None, times: str | None, *, each: bool = False
    ) -> None:
        self._index = index
        self._read = Property(name)
        self._where = where
        self._times_name = times
        self._times = None if times is None else Property(times)
        self._each = each

    def identity(self) -> dict[str, object]:
        """Return what is multiplied and added up before it counts."""
        said: dict[str, object] = {}
        if self._times_name is not None:
            said["times"] = self._times_name
            said["weights"] = "ten_thousandths"
        if self._each:
            said["each"] = "event"
        return said

    def pairs(self, row: Row) -> list[int]:
        """Return amount and weight by turns, for each value that counts."""
        found: list[int] | None = row.found[self._index]
        if found is None:
            found = []
            for value, holder in read_with_holders(self._read, self._where, row):
                if self._times is None:
                    scaled, weight = ten_thousandths(value), 1
                else:
                    factor = self._factor(row, holder)
                    scaled, weight = product(value, factor), ten_thousandths(factor) or 0
                if scaled is not None:
                    found.append(scaled)
                    found.append(weight)
            if self._each and found:
                total = sum(found[::2])
                found = [total, 1] if abs(total) <= LARGEST_NUMBER * SCALE else []
            row.found[self._index] = found
        return found

    def _factor(self, row: Row, holder: Holder) -> int | float | None:
        """Return the number beside a value: 1 if there is nothing, None if it is no number."""
        if self._times is None or self._times_name is None:
            return 1
        if self._times.source == OWN:
            found = self._times.at(holder)
        else:
            found = None if row.context is None else self._times.at(row.context)
        if found is None:
            return 1
        first = found[0] if found else None
        if type(first) is int or type(first) is float:
            return first
        row.unusable.setdefault(self._times_name, found)
        return None


def carried(read: Property, row: Row) -> list[Scalar] | None:
    """Return the values that the event itself carries; None where the products are asked."""
    if read.source == OWN:
        return read.at(row.properties)
    if read.source == TIME:
        return [row.part(read.name)]
    found = None if row.context is None else read.at(row.context)
    return [] if found is None else found


def read_with_holders(
    read: Property, where: Filter | None, row: Row
) -> list[tuple[Scalar, Holder]]:
    """Return a property's values in order, each with the object that it was read from."""
    if where is not None and not where.passes(row):
        return []
    holder = row.properties
    values = carried(read, row)
    if values is not None:
        return [(value, holder) for value in values]
    chosen = None if where is None else where.products(row)
    elements = row.products if chosen is None else chosen
    return [(value, product) for product in elements for value in read.at(product) or ()]
