"""The JSON Schema of mapping files accepts what the reader accepts."""

import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from streamer.mapping.schema import mapping_schema

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    *(path.read_text(encoding="utf-8") for path in (ROOT / "schemas" / "mappings").glob("*.yaml")),
    *re.findall(
        r"^```yaml\n(.*?)^```$",
        (ROOT / "docs" / "mapping.md").read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    ),
]


def errors(text: str) -> list[str]:
    document: Any = YAML(typ="safe").load(text)
    validator = jsonschema_rs.Draft202012Validator(mapping_schema())
    return [error.message for error in validator.iter_errors(document)]


@pytest.mark.parametrize("text", DOCUMENTS)
def test_good_mappings_are_accepted(text: str) -> None:
    assert errors(text) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("id:", "ids:"),
        ("as: number", "as: numbr"),
        ("values: {view: product_viewed", "values: {view: 5"),
        ("user_id:", "user:"),
        ("input: json", "input: jsn"),
        ("template: ", "templat: "),
        ("{from: kind,", "{from: kind, value: a,"),
        ("{from: kind,", "{"),
        ("divided_by: 100", "divided_by: 1"),
        ("each: order.lines", "each: 5"),
        ("    properties:", "    propertis:"),
    ],
)
def test_mistakes_are_seen_while_typing(old: str, new: str) -> None:
    text = DOCUMENTS[-1]
    assert old in text
    assert errors(text.replace(old, new, 1))
