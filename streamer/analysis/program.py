"""The compiled program as data: what a rule set reads, remembers, asks and decides.

The data are plain JSON values in an order that depends on the rules alone: columns, cells, leaves
and segments by their numbers, nodes as they are nested. Two rule sets whose programs are equal but
for what people read decide alike and share all that was remembered. `streamer check --program`
writes it, and golden files in the tests pin it.
"""

from typing import Any, Final

import orjson

from streamer.app.inputs import Rules
from streamer.core.engine.conditions import LeafNode, Node
from streamer.core.engine.segment import CompiledSegment
from streamer.core.rules.compile import Declaration, leaf_specs
from streamer.core.rules.identity import canonical
from streamer.core.state.cell import Cell

FORMAT: Final = 1
"""Changes when a reader of these data has to."""


def program_json(rules: Rules) -> bytes:
    """Return the program as one JSON document: keys sorted, indented, with a line break."""
    options = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(program(rules), option=options)


def program(rules: Rules) -> dict[str, Any]:
    """Return the program of a rule set as plain JSON values."""
    compiled = rules.compiled
    declared = {one.key: one for one in rules.declared.declarations}
    leaves: list[dict[str, Any]] = []
    segments = [_segment(one, declared[one.key], leaves) for one in compiled.segments]
    return {
        "format": FORMAT,
        "version": compiled.version,
        "header": canonical(compiled.header),
        "most_bytes": compiled.most_bytes,
        "columns": [{"column": number, **one} for number, one in enumerate(compiled.reads)],
        "cells": [_cell(cell, compiled.cell_keys[cell.slot]) for cell in compiled.cells],
        "leaves": leaves,
        "segments": segments,
    }


def _cell(cell: Cell, key: bytes) -> dict[str, Any]:
    identity = dict(cell.meaning())
    return {
        "slot": cell.slot,
        "kind": identity.pop("kind"),
        "identity": identity,
        "key": key.hex(),
        "max_bytes": cell.max_bytes(),
        "shares_most_bytes": cell.weighs,
    }


def _segment(
    segment: CompiledSegment, one: Declaration, leaves: list[dict[str, Any]]
) -> dict[str, Any]:
    specs = list(leaf_specs(one))[::-1]  # taken from the end, in the order of the rule
    tiers = [
        {
            "membership": tier.membership,
            "when": "otherwise" if tier.when is None else _node(tier.when, specs, leaves),
        }
        for tier in segment.tiers
    ]
    return {
        "segment": segment.key,
        "place": segment.index,
        "ladder": segment.is_ladder,
        "settings": canonical(segment.settings),
        "tiers": tiers,
    }


def _node(node: Node, specs: list[object], leaves: list[dict[str, Any]]) -> dict[str, Any]:
    if isinstance(node, LeafNode):
        number = len(leaves)
        leaves.append(
            {
                "leaf": number,
                "label": node.leaf.label,
                "asks": canonical(specs.pop()),
                "cells": sorted(node.slots),
            }
        )
        return {"leaf": number}
    return {node.word: [_node(one, specs, leaves) for one in node.conditions]}
