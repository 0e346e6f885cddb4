"""What the documentation shows, works."""

import re
from pathlib import Path

import orjson
import pytest

from streamer.codecs.events import decode
from streamer.mapping import read_mapping
from streamer.types import Record

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def rows(page: str) -> list[str]:
    """Return the first cells of the table of sources, without their marks."""
    text = (DOCS / page).read_text(encoding="utf-8")
    table = text.partition("| source | gives |")[2].partition("\n\n")[0]
    return re.findall(r"^\| `(.*?)` \|", table, re.MULTILINE)


def test_the_events_shown_are_events() -> None:
    shown = blocks("events.md", "json")
    events = [decode(Record(partition=0, offset=0, value=text.encode())) for text in shown]
    assert [event.name for event in events] == [
        "product_added",
        "product_list_viewed",
        "cart_viewed",
    ]


def test_the_mapping_shown_is_a_mapping(tmp_path: Path) -> None:
    example, _ = blocks("mapping.md", "yaml")
    (tmp_path / "shop.yaml").write_text(example, encoding="utf-8")
    mapping = read_mapping(tmp_path / "shop.yaml")
    header = ["order", "line", "kind", "when", "customer", "sku", "price", "country"]
    decode = mapping.decoder(header)
    row = b"17,1,sale,2026-11-22 06:00:00,7.0,shoe-1,59.9,DE"
    event = decode(Record(partition=0, offset=0, value=row, line=2))
    assert (event.id, event.name, event.customer) == ("17-2", "order_completed", "7")


def test_the_mapping_of_json_shown_is_a_mapping(tmp_path: Path) -> None:
    _, example = blocks("mapping.md", "yaml")
    (tmp_path / "shop.yaml").write_text(example, encoding="utf-8")
    details = [{"key": "currency", "value": "EUR"}]
    order = {"number": "o-1", "cents": 5990, "details": details}
    order["lines"] = [{"sku": "shoe-1", "price": "59.90"}]
    hit = {"kind": "buy", "customer": {"id": 7}, "order": order}
    line = {"batch": "b-1", "device": "d-1", "at": 1_795_323_600_123_456, "hits": [hit]}
    event = read_mapping(tmp_path / "shop.yaml").decoder([])(Record(0, 0, orjson.dumps(line)))
    assert (event.id, event.customer, event.time) == ("b-1-1", "7", 1_795_323_600_123)
    assert event.properties == {
        "order_id": "o-1",
        "revenue": 59.9,
        "currency": "EUR",
        "products": [{"product_id": "shoe-1", "price": 59.9}],
    }


def test_every_shipped_mapping_is_shown() -> None:
    text = (DOCS / "mapping.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| `(\w+)` \|", text.partition("| name | reads |")[2], re.MULTILINE)
    shipped = [path.stem for path in (DOCS.parent / "schemas" / "mappings").glob("*.yaml")]
    assert sorted(shown[: len(shipped)]) == sorted(shipped)


@pytest.mark.parametrize("source", rows("mapping.md"))
def test_the_sources_shown_are_sources(source: str, tmp_path: Path) -> None:
    text = f"""
    id: {{template: "{{line}}"}}
    name: {{value: cart_viewed}}
    time: when
    user_id: customer
    properties: {{shown: {source}}}
    """
    if "order_" in source or "_viewed" in source:
        text = text.replace("name: {value: cart_viewed}", f"name: {source}")
    (tmp_path / "shop.yaml").write_text(text, encoding="utf-8")
    assert read_mapping(tmp_path / "shop.yaml").says.properties
