"""What a mapping can make at all: the names of its events, properties and traits, and their values.

It goes by what the file says and sees no events: what is not made here is in no event, whatever is
read. What is made may still be absent.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from streamer.mapping.document import MappingDocument, Sources
from streamer.mapping.sources import (
    NOTHING,
    Choice,
    ColumnValue,
    Constant,
    Listed,
    Source,
    Template,
)
from streamer.types import Scalar


@dataclass(frozen=True, slots=True)
class Made:
    """What a mapping can make; `names` of events are None where any name can come.

    With `two_ids` it names visitors and users.
    """

    names: frozenset[Scalar] | None
    properties: Sources
    traits: Sources
    two_ids: bool = False

    def has_property(self, name: str) -> bool:
        """Whether an event can have the property, itself or in a product."""
        return any(True for _ in self._sources(name))

    def values_of(self, name: str) -> frozenset[Scalar] | None:
        """Return the values that a property can have, None where it can have any."""
        return _union(map(_values, self._sources(name)))

    def _sources(self, name: str) -> Iterator[Source]:
        """Yield what a property can be read from; behind a dot, what may be an object."""
        head, dot, _ = name.partition(".")
        listed = self.properties.get("products")
        fields = listed.fields if isinstance(listed, Listed) else {}
        for sources in (self.properties, fields):
            if name in sources:
                yield sources[name]
            elif dot and isinstance(sources.get(head), ColumnValue | Choice | Listed):
                yield ColumnValue(())


def made_by(says: MappingDocument) -> Made:
    """Return the events and properties that a mapping can make."""
    two_ids = says.user_id is not None and says.anonymous_id is not None
    return Made(_values(says.name), says.properties, says.traits, two_ids)


def _values(source: Source | None) -> frozenset[Scalar] | None:
    match source:
        case None:
            return frozenset()
        case Constant(value):
            return frozenset((value,)) - {NOTHING}
        case ColumnValue(values=dict() as values, otherwise=otherwise, keep=False):
            listed = (*values.values(), *(() if otherwise is None else (otherwise,)))
            return frozenset(listed) - {NOTHING}
        case Choice(cases, rest):
            return _union([*(_values(case.then) for case in cases), _values(rest)])
        case ColumnValue() | Template() | Listed():
            return None


def _union(
    several: "Iterator[frozenset[Scalar] | None] | list[frozenset[Scalar] | None]",
) -> frozenset[Scalar] | None:
    found: frozenset[Scalar] = frozenset()
    for one in several:
        if one is None:
            return None
        found |= one
    return found
