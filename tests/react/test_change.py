"""What a function gets is what the published schema says."""

import json
from pathlib import Path

import msgspec

from streamer.codecs.changes import encode_change
from streamer.react import Change
from streamer.react.change import read_change
from tests.webhooks.changes import change

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "schemas" / "change.schema.json").read_text(encoding="utf-8")
)


def test_a_change_has_the_fields_of_the_schema() -> None:
    fields = [each.encode_name for each in msgspec.structs.fields(Change)]
    assert fields == list(SCHEMA["properties"])


def test_a_change_says_what_its_record_says() -> None:
    said = change("u-7", 3, "engagement.passive", ladder="engagement", origin="active")
    got = read_change(encode_change(said))
    assert json.loads(msgspec.json.encode(got)) == json.loads(
        encode_change(said).replace(b".000Z", b"Z")
    )
    assert (got.customer_id, got.origin, got.to) == ("u-7", "active", "passive")
