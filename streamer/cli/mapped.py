"""What `streamer check --map` says: what a mapping makes, and what is off because it does not."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

from streamer.analysis.switched_off import Blind, Off, blind, switched_off
from streamer.app.inputs import Rules
from streamer.mapping import Made
from streamer.mapping.sources import Listed


class Mapped(NamedTuple):
    """The memberships that are never entered with a mapping, and what it can never tell them.

    `apart`: it names visitors and users, and the rules do not join them.
    """

    off: list[Off]
    blind: list[Blind]
    apart: bool

    def facts(self) -> dict[str, Any]:
        """Return the same as plain values."""
        return {
            "off": [one._asdict() for one in self.off],
            "never_told": [one._asdict() for one in self.blind],
            "visitors_apart": self.apart,
        }


def mapped(loaded: Rules, made: Made | None) -> Mapped | None:
    """Compare rules with what a mapping makes; None without one."""
    if made is None:
        return None
    declarations = loaded.declared.declarations
    apart = made.two_ids and loaded.declared.header.anonymous == "none"
    return Mapped(switched_off(declarations, made), blind(declarations, made), apart)


def mapped_lines(found: Mapped) -> Iterator[str]:
    """Yield the findings on a mapping, and the standard properties that it never fills."""
    if found.apart:
        yield (
            "the mapping names visitors and users, and these rules keep them two customers: an "
            "order closes no cart of before the login. To make them one, write into the header "
            "identity: {anonymous: last}"
        )
    if not found.off and not found.blind:
        yield "the mapping makes everything that the rules ask for"
        return
    if found.off:
        yield f"off with this mapping, since nobody can ever enter ({len(found.off):,}):"
    for one in found.off:
        yield f"  {one.membership}: {one.why}"
    if found.blind:
        yield "these ask whether something has not happened that the mapping never makes:"
        for each in found.blind:
            yield f"  {each.key}: {each.events}"


def made_lines(made: Made) -> Iterator[str]:
    """Yield the events and properties that a mapping makes."""
    names = "any name" if made.names is None else _listed(made.names)
    yield f"events: {names}"
    yield f"properties: {_listed(made.properties)}"
    products = made.properties.get("products")
    if isinstance(products, Listed):
        yield f"  of a product: {_listed(products.fields)}"
    yield f"traits: {_listed(made.traits)}"
    yield "no errors in the mapping; with RULES it is said which segments are off"


def made_json(made: Made) -> str:
    """Return the same as a JSON object."""
    names = None if made.names is None else sorted(map(str, made.names))
    facts = {
        "ok": True,
        "events": names,
        "properties": sorted(made.properties),
        "traits": sorted(made.traits),
    }
    return orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode()


def _listed(names: Any) -> str:  # noqa: ANN401 (names of any collection)
    return ", ".join(sorted(map(str, names))) or "none"
