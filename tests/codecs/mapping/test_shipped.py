"""The shipped mappings on the real files: the counts that are known of them."""

import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamer.codecs.mapping import read_mapping
from streamer.errors import InvalidEvent
from streamer.instants import parse_iso
from streamer.types import Event, Record

ROOT = Path(__file__).parents[3]
MAPPINGS = ROOT / "schemas" / "mappings"
DATA = ROOT / ".." / "shared" / "data"
REES46 = DATA / "rees46" / "2019-Oct_head17k.csv"
RETAIL = DATA / "online_retail" / "online_retail_all.csv.gz"


def records(lines: list[bytes]) -> Iterator[Record]:
    for number, line in enumerate(lines, start=2):
        yield Record(partition=0, offset=number, value=line, line=number)


def mapped(name: str, data: bytes) -> tuple[list[Event], Counter[str], Counter[str]]:
    """Return the events, and how often each reason and each path refused a row."""
    mapping = read_mapping(MAPPINGS / name)
    header, *rows = data.splitlines()
    decode = mapping.decoder(mapping.csv.header(header))
    events, reasons, paths = [], Counter[str](), Counter[str]()
    for record in records(rows):
        try:
            events.append(decode(record))
        except InvalidEvent as error:
            reasons[error.reason] += 1
            paths[error.path] += 1
    return events, reasons, paths


@pytest.mark.skipif(not REES46.exists(), reason="needs ../shared/data/rees46")
def test_rees46() -> None:
    events, reasons, _ = mapped("rees46.yaml", REES46.read_bytes())
    assert reasons == {"the row ends after 8 of 9 cells: no user_session": 1}
    assert Counter(event.name for event in events) == {
        "product_viewed": 17_056 - 1,  # the cut row is a view
        "order_completed": 214,
        "product_added": 165,
    }
    assert len({event.customer for event in events}) == 4_505 - 1  # and has a user of its own
    assert len({event.properties["session_id"] for event in events}) == 5_066
    assert len({event.id for event in events}) == len(events)
    assert min(event.time for event in events) == parse_iso("2019-10-01T00:00:00Z")
    assert max(event.time for event in events) == parse_iso("2019-10-01T02:50:00Z")


@pytest.mark.skipif(not RETAIL.exists(), reason="needs ../shared/data/online_retail")
def test_online_retail() -> None:
    data = gzip.decompress(RETAIL.read_bytes())
    rows = list(csv.reader(io.StringIO(data.decode())))[1:]
    events, reasons, paths = mapped("online_retail.yaml", data)
    assert len(events) + reasons.total() == len(rows) == 541_909
    assert reasons == {"no customer: CustomerID is empty": 135_080}
    assert paths == {"/anyOf": 135_080}
    assert len({event.customer for event in events}) == 4_372
    assert len({event.id for event in events}) == len(events)
    assert min(event.time for event in events) == parse_iso("2010-12-01T08:26Z")
    assert max(event.time for event in events) == parse_iso("2011-12-09T12:50Z")
    known = [row for row in rows if row[6]]
    for row, event in zip(known, events, strict=True):
        invoice, stock, _, quantity, _, price, customer, _ = row
        refund = invoice.startswith("C")
        assert event.name == ("order_refunded" if refund else "order_completed")
        assert event.customer == customer.removesuffix(".0")
        assert event.properties["order_id"] == invoice
        assert event.properties["product_id"] == stock
        assert event.properties["price"] == float(price)
        assert event.properties["quantity"] == abs(int(quantity))
