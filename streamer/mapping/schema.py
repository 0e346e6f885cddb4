"""The JSON Schema of mapping files: for editors, made from the table that the reader uses."""

from typing import Any

from streamer.language.schema import define
from streamer.mapping.document import MAPPING


def mapping_schema() -> dict[str, Any]:
    """Return the schema; it accepts every document that the reader accepts."""
    definitions: dict[str, Any] = {}
    define(MAPPING.kinds(), definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "mapping.schema.json",
        "title": "Streamer mapping",
        "description": "Where each field of an event comes from, in the rows or lines of a file.",
        **MAPPING.schema(),
        "$defs": definitions,
    }
