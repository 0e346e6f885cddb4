"""The JSON Schema of rule files, made from the table of the language.

It serves editors: completion, hover texts, a first check while typing. It accepts every document
that the reader accepts; what a schema cannot say (references, unknown events, durations beyond
the retention), only the reader says.
"""

from collections.abc import Iterable
from typing import Any, Final

from streamer.language.documents import DOCUMENTS
from streamer.language.kinds import Kind
from streamer.language.models import BY_KIND

EXTRA: Final[dict[str, dict[str, Any]]] = {"model": BY_KIND}
"""What the schema of a document says of several keys at once."""


def rules_schema() -> dict[str, Any]:
    """Return the schema of one document of a rule file."""
    definitions: dict[str, Any] = {}
    for key, group in DOCUMENTS.items():
        definitions[f"{key}_document"] = group.schema() | EXTRA.get(key, {})
        define(group.kinds(), definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "rules.schema.json",
        "title": "Streamer rules",
        "description": "One document of a rule file: a segment, a ladder, a model, or the header.",
        "oneOf": [{"$ref": f"#/$defs/{key}_document"} for key in DOCUMENTS],
        "$defs": definitions,
    }


def define(kinds: Iterable[Kind[Any]], definitions: dict[str, Any]) -> None:
    """Add the schemas of the kinds, and of those that they are made of."""
    waiting = list(kinds)
    while waiting:
        kind = waiting.pop()
        if kind.name not in definitions:
            definitions[kind.name] = dict(kind.schema)
            waiting.extend(kind.parts)
