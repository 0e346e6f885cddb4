"""What one leaf of the language says of itself: its keys, and how it is read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from streamer.core.rules.spec import LeafSpec
from streamer.language import kinds, standard
from streamer.language.fields import Apart, Field, Group, Values
from streamer.language.kinds import Kind
from streamer.language.nodes import Node
from streamer.language.reading import Reading


@dataclass(frozen=True, slots=True)
class LeafKind:
    """One kind of leaf, a condition of the language. `means` says when it is true.

    With `needs`, at least one comparison must stand there. With `compares`, they compare the
    property that the key names. `inner` are the keys of the value, if it is a mapping. `example` is
    a whole condition.
    """

    key: str
    kind: Kind[Any]
    means: str
    example: str
    build: Callable[[Values, Reading], LeafSpec]
    scope: tuple[Field, ...] = ()
    comparisons: tuple[Field, ...] = ()
    apart: tuple[Apart, ...] = ()
    needs: bool = False
    compares: bool = False
    inner: Group | None = None

    def group(self) -> Group:
        """Return the keys of the mapping that the leaf is."""
        own = Field(self.key, self.kind, self.means, required=True)
        fields = (own, *self.scope, *self.comparisons)
        needs = tuple(one.name for one in self.comparisons) if self.needs else ()
        return Group(self.key, fields, self.apart, needs)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the leaf."""
        said = self.group().schema()
        if not self.compares:
            return said
        operators = [one.name for one in self.comparisons if one.kind is not kinds.COUNT]
        return said | {"allOf": [*said.get("allOf", ()), *standard.compared(self.key, operators)]}

    def read(self, node: Node, reading: Reading) -> LeafSpec:
        """Return the leaf as declared."""
        return self.build(self.group().read(node, reading), reading)
