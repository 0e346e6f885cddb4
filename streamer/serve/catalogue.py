"""The segments as the rule files declare them: for people, not for deciding.

The kind of a segment is the folder that its file stands in.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from streamer.analysis.inventory import Needs, inventory
from streamer.app.inputs import Rules
from streamer.core.engine.conditions import LeafNode, Node
from streamer.core.engine.program import RuleSet
from streamer.core.engine.segment import CompiledSegment
from streamer.core.rules.spec import Ladder, Segment
from streamer.core.wording import duration

_TESTS: Final = "tests:"
_SEPARATOR: Final = "---"
_SCHEMA: Final = "# yaml-language-server:"
_GROUPS: Final = {"all": "all of these", "any": "at least one of these", "none": "none of these"}


@dataclass(frozen=True)
class CatalogueEntry:
    """One segment or ladder; `memberships` are its own name, or `ladder.tier` for each tier."""

    key: str
    kind: str
    title: str
    purpose: str
    memberships: tuple[str, ...]
    declared: Segment | Ladder
    compiled: CompiledSegment | None
    needs: Needs
    definition: str

    @property
    def is_ladder(self) -> bool:
        """Whether it has tiers."""
        return isinstance(self.declared, Ladder)

    def facts(self) -> dict[str, Any]:
        """Return its members in a list of segments."""
        settings = self.declared.settings
        return {
            "segment": self.key,
            "kind": self.kind,
            "title": self.title,
            "purpose": self.purpose,
            "owner": settings.owner,
            "tags": list(settings.tags),
            "enabled": settings.enabled,
            "ladder": self.is_ladder,
            "memberships": list(self.memberships),
        }

    def details(self) -> dict[str, Any]:
        """Return its members in an answer of its own: definition, conditions in words, needs."""
        settings, needs = self.declared.settings, self.needs
        return {
            **self.facts(),
            "definition": self.definition,
            "reads": list(self._aloud()),
            "events": list(needs.events),
            "properties": list(needs.properties),
            "traits": list(needs.traits),
            "bytes": needs.remembers,
            "limits": list(needs.limits),
            "min_dwell": duration(settings.min_dwell) if settings.min_dwell else None,
            "cooldown": duration(settings.cooldown) if settings.cooldown else None,
            "holdout": float(settings.holdout),
        }

    def _aloud(self) -> Iterator[dict[str, Any]]:
        for tier in () if self.compiled is None else self.compiled.tiers:
            yield {"tier": tier.tier, "when": None if tier.when is None else aloud(tier.when)}


@dataclass(frozen=True)
class Catalogue:
    """All segments of a rule set, in the order of the files."""

    rules: RuleSet
    entries: tuple[CatalogueEntry, ...]

    @classmethod
    def of(cls, rules: Rules) -> "Catalogue":
        """Return the catalogue of rules that were read from files."""
        compiled = {segment.key: segment for segment in rules.compiled.segments}
        needs = {one.key: one for one in inventory(rules).segments}
        return cls(
            rules.compiled,
            tuple(
                _entry(one, compiled.get(one.key), needs[one.key])
                for one in rules.declared.declarations
            ),
        )

    @cached_property
    def by_name(self) -> dict[str, CatalogueEntry]:
        """Every entry by its key and by each of its memberships."""
        found = {one.key: one for one in self.entries}
        return {name: one for one in self.entries for name in one.memberships} | found

    @cached_property
    def memberships(self) -> frozenset[str]:
        """The names of all memberships."""
        return frozenset(name for one in self.entries for name in one.memberships)


def aloud(node: Node) -> dict[str, Any]:
    """Return a condition in words, with the conditions inside it."""
    if isinstance(node, LeafNode):
        return {"text": node.leaf.label, "conditions": []}
    return {"text": _GROUPS[node.word], "conditions": [aloud(one) for one in node.conditions]}


def _entry(one: Segment | Ladder, compiled: CompiledSegment | None, needs: Needs) -> CatalogueEntry:
    file, line, _ = needs.place.rsplit(":", 2)
    tiers = [tier.key for tier in one.tiers] if isinstance(one, Ladder) else []
    return CatalogueEntry(
        key=one.key,
        kind=Path(file).resolve().parent.name,
        title=one.title,
        purpose=one.purpose,
        memberships=tuple(f"{one.key}.{tier}" for tier in tiers) or (one.key,),
        declared=one,
        compiled=compiled,
        needs=needs,
        definition=_written(Path(file), int(line)),
    )


def _written(file: Path, line: int) -> str:
    """Return the document of a file that a line stands in, without its tests."""
    lines = file.read_text(encoding="utf-8").splitlines()
    breaks = [at for at, text in enumerate(lines) if text.startswith(_SEPARATOR)]
    begin = max((at + 1 for at in breaks if at < line), default=0)
    end = min((at for at in breaks if at >= line), default=len(lines))
    document = lines[begin:end]
    tests = next((at for at, text in enumerate(document) if text.startswith(_TESTS)), None)
    if tests is not None:
        after = (at for at in range(tests + 1, len(document)) if document[at][:1].isalpha())
        rest = next(after, len(document))
        document = document[:tests] + document[rest:]
    return "\n".join(line for line in document if not line.startswith(_SCHEMA)).strip()
