"""Mappings with known keys: one description of each key for reader, JSON Schema and reference."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from streamer.language.kinds import Kind
from streamer.language.nodes import Entry, MappingNode, Node, ScalarNode
from streamer.language.reading import Lost, Reading, expected
from streamer.language.slips import slip
from streamer.language.source import Place
from streamer.language.words import listed, quoted

_CONDITION_KEYS: Final = frozenset(
    (
        *("where", "within", "older_than", "since", "of", "distinct", "same", "per", "without"),
        *("times", "each", "minus", "net", "span", "which", "for", "share", "less_than"),
        *("is", "is_not", "in", "not_in", "exists", "at_least", "at_most", "above", "below"),
        *("starts_with", "ends_with", "contains"),
    )
)
"""Keys of conditions, so surely no properties where they stand beside a condition."""


@dataclass(frozen=True, slots=True)
class Field:
    """A key: its kind of value and what it means, in a sentence or two.

    It stands only where the key `beside` stands too; the builder says so in its own words.
    """

    name: str
    kind: Kind[Any]
    means: str
    required: bool = False
    beside: str | None = None

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the value, with the hover text."""
        said = {"description": self.means.replace("`", "'"), "markdownDescription": self.means}
        return {"$ref": f"#/$defs/{self.kind.name}", **said}


def _some(keyword: str, entries: list[Any]) -> dict[str, list[Any]]:
    return {keyword: entries} if entries else {}


@dataclass(frozen=True, slots=True)
class Apart:
    """Two keys that may not stand beside each other."""

    one: str
    other: str
    why: str


class Values:
    """What the keys of a mapping hold, each of the type that its kind gives, and where."""

    __slots__ = ("_found", "node")

    def __init__(self, node: MappingNode, found: Mapping[str, Any]) -> None:
        self.node = node
        self._found = found

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 (the kind of the field says the type)
        return self._found[name]

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 (as above)
        """Return the value of a key, or the default if it is not there."""
        return self._found.get(name, default)

    def names(self) -> set[str]:
        """Return the keys whose values could be read."""
        return set(self._found)

    def at(self, name: str) -> Place:
        """Return the place of a key's value."""
        return self.node.entries[name].value.at

    def key_at(self, name: str) -> Place:
        """Return the place of a key."""
        return self.node.entries[name].key.at

    def later(self, one: str, other: str) -> Place:
        """Return the place of that one of two keys which comes later."""
        return later(self.node, one, other)


@dataclass(frozen=True, slots=True)
class Group:
    """The keys of one kind of mapping; `of` names it in messages.

    `one_of` are keys of which at least one must stand there. `belongs` says of keys that stand
    elsewhere where they go. With `others`, all other keys are taken, and hold that kind.
    """

    of: str
    fields: tuple[Field, ...]
    apart: tuple[Apart, ...] = ()
    one_of: tuple[str, ...] = ()
    belongs: Mapping[str, str] = field(default_factory=dict)
    others: Kind[Any] | None = None

    def kind(self, shape: str) -> Kind[Values]:
        """Return such a mapping as a kind of value; `shape` shows people how it is written."""

        def read(node: Node, reading: Reading) -> Values:
            if not isinstance(node, MappingNode):
                raise expected(f"{self.of} as {shape.strip('`')}", node)
            return self.read(node, reading)

        return Kind(self.of, shape, self.schema(), read, self.kinds())

    def named(self, name: str) -> Field | None:
        """Return the field of a key."""
        return next((one for one in self.fields if one.name == name), None)

    def read(self, node: Node, reading: Reading) -> Values:
        """Return the values; report every key and value that is wrong, then raise `Lost`."""
        values, sound = self.take(node, reading)
        if not sound:
            raise Lost
        return values

    def take(self, node: Node, reading: Reading) -> tuple[Values, bool]:
        """Return the values that could be read, and whether those are all."""
        if not isinstance(node, MappingNode):
            raise expected(f"a mapping of {self.of}", node)
        found: dict[str, Any] = {}
        for entry in node.entries.values():
            known = self.named(entry.key.text)
            kind = known.kind if known is not None else self._other(entry.key.text)
            if kind is None:
                reading.report.error(entry.key.at, self.stranger(entry, reading))
                continue
            value = reading.attempt(kind.read, entry.value)
            if value is not None:
                found[entry.key.text] = value
        complaints = [*self._missing(node), *self._contradictions(node)]
        for place, message in complaints:
            reading.report.error(place, message)
        sound = node.whole and not complaints and len(found) == len(node.entries)
        return Values(node, found), sound

    def stranger(self, entry: Entry, reading: Reading) -> str:
        """Return the message about a key that does not stand here."""
        key, slipped = entry.key, slip(entry.key)
        said = f"unknown key {quoted(key.text)} in {self.of}"
        if key.text in self.belongs:
            return f"{said}: {self.belongs[key.text]}"
        if slipped:
            return said + slipped
        if key.text.isdecimal():
            return f"{said}: a number is written without a comma, such as 1000 or 49.90"
        names = [one.name for one in self.fields]
        unlisted = f"expected {listed(names)}"
        if "where" in names and key.text not in _CONDITION_KEYS:
            shown = entry.value.text if isinstance(entry.value, ScalarNode) else "…"
            unlisted += f"; a property goes under where: {{{key.text}: {shown}}}"
        return f"{said}: {reading.nearest.hint(key.text, names, unlisted)}"

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the mapping; hover texts are what the keys mean."""
        misplaced = {
            name: {"description": why, "markdownDescription": why, "not": {}}
            for name, why in self.belongs.items()
            if self.others is not None
        }
        beside = {one.name: [one.beside] for one in self.fields if one.beside is not None}
        return {
            "type": "object",
            "properties": {one.name: one.schema() for one in self.fields} | misplaced,
            **_some("required", [one.name for one in self.fields if one.required]),
            **_some(
                "allOf",
                [{"not": {"required": sorted((pair.one, pair.other))}} for pair in self.apart],
            ),
            **_some("anyOf", [{"required": [name]} for name in self.one_of]),
            **({"dependentRequired": beside} if beside else {}),
            "additionalProperties": self.others is not None,
        }

    def kinds(self) -> tuple[Kind[Any], ...]:
        """Return the kinds of the fields."""
        return tuple(one.kind for one in self.fields)

    def _other(self, name: str) -> Kind[Any] | None:
        """Return the kind of a key that is not among the fields, None if it may not stand here."""
        return None if name in self.belongs else self.others

    def _missing(self, node: MappingNode) -> Iterator[tuple[Place, str]]:
        for one in self.fields:
            if one.required and node.whole and one.name not in node.entries:
                yield node.at, f"{quoted(one.name)} is missing in {self.of}"
        strange = any(self.named(name) is None for name in node.entries) and self.others is None
        if strange or not self.one_of or not node.whole:  # a stranger may be what is missing
            return
        if not any(name in node.entries for name in self.one_of):
            yield node.at, f"one of {listed(self.one_of)} is missing in {self.of}"

    def _contradictions(self, node: MappingNode) -> Iterator[tuple[Place, str]]:
        for pair in self.apart:
            if pair.one in node.entries and pair.other in node.entries:
                place = later(node, pair.one, pair.other)
                names = listed((pair.one, pair.other), "and")
                yield place, f"{names} contradict each other: {pair.why}"


def later(node: MappingNode, one: str, other: str) -> Place:
    """Return the place of that one of two keys which comes later."""
    places = (node.entries[one].key.at, node.entries[other].key.at)
    return max(places, key=lambda place: place.offset)
