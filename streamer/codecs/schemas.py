"""The published JSON Schemas as files.

The files in `schemas/` are these documents; a test holds them equal. `python -m
streamer.codecs.schemas schemas` writes them.
"""

import sys
from pathlib import Path

import orjson

from streamer.codecs.change_schemas import change_schema, membership_schema, rejected_schema
from streamer.codecs.event_schemas import Schema, call_schema, event_schema
from streamer.codecs.report_schemas import report_schema
from streamer.language.schema import rules_schema
from streamer.mapping.schema import mapping_schema


def documents() -> dict[str, Schema]:
    """Return the schemas by file name."""
    return {
        "event.schema.json": event_schema(),
        "segment-call.schema.json": call_schema(),
        "change.schema.json": change_schema(),
        "membership.schema.json": membership_schema(),
        "rejected.schema.json": rejected_schema(),
        "rules.schema.json": rules_schema(),
        "mapping.schema.json": mapping_schema(),
        "report.schema.json": report_schema(),
    }


def encoded(schema: Schema) -> bytes:
    """Return the schema as it is published."""
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def main(folder: Path) -> None:
    """Write the schemas into the folder."""
    for name, schema in documents().items():
        (folder / name).write_bytes(encoded(schema))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
