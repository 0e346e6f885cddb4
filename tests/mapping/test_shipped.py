"""The shipped mappings on the real files: the counts that are known of them."""

import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pytest

from streamer.app.inputs import open_records, read_records
from streamer.errors import InvalidEvent
from streamer.instants import parse_iso
from streamer.mapping import read_mapping
from streamer.types import Event, Record

ROOT = Path(__file__).parents[2]
MAPPINGS = ROOT / "schemas" / "mappings"
DATA = ROOT / ".." / "shared" / "data"
REES46 = DATA / "rees46" / "2019-Oct_head17k.csv"
CDNOW = DATA / "cdnow" / "CDNOW_sample.txt"
RETAIL = DATA / "online_retail" / "online_retail_all.csv.gz"


def outcomes(name: str, data: bytes) -> Iterator[Event | InvalidEvent]:
    """Yield what the mapping makes of each row."""
    mapping = read_mapping(MAPPINGS / name)
    layout = mapping.csv
    assert layout is not None
    rows, columns, above = data.splitlines(), list(layout.columns), 1
    if not columns:
        columns, above = layout.header(rows.pop(0)), 2
    decode = mapping.decoder(columns)
    for offset, row in enumerate(rows):
        try:
            yield decode(Record(partition=0, offset=offset, value=row, line=offset + above))
        except InvalidEvent as error:
            yield error


@pytest.mark.skipif(not REES46.exists(), reason="needs ../shared/data/rees46")
def test_rees46() -> None:
    found = list(outcomes("rees46.yaml", REES46.read_bytes()))
    events = [event for event in found if isinstance(event, Event)]
    assert [error.reason for error in found if isinstance(error, InvalidEvent)] == [
        "the row ends after 8 of 9 cells: no user_session"
    ]
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
    rows = csv.reader(io.StringIO(gzip.decompress(RETAIL.read_bytes()).decode()))
    next(rows)
    invoices = [list(group) for _, group in groupby(rows, key=itemgetter(0))]
    refused = Counter[tuple[str, str]]()
    times, customers, ids = set[int](), set[str](), set[str]()
    events = refunds = lines = 0
    log, decode = open_records([str(RETAIL)], str(MAPPINGS / "online_retail.yaml"))
    with log:
        for record, invoice in zip(read_records(log), invoices, strict=True):
            number, _, _, _, _, _, customer, _ = invoice[0]
            try:
                event = decode(record)
            except InvalidEvent as error:
                assert not customer
                refused[error.reason, error.path] += 1
                continue
            events += 1
            lines += len(invoice)
            refund = number.startswith("C")
            refunds += refund
            times.add(event.time)
            customers.add(event.customer)
            ids.add(event.id)
            assert event.name == ("order_refunded" if refund else "order_completed")
            assert event.customer == customer.removesuffix(".0")
            assert event.properties["order_id"] == number
            told = [
                (one["product_id"], one["price"], one["quantity"])
                for one in event.properties["products"]
            ]
            assert told == [(row[1], float(row[5]), abs(int(row[3]))) for row in invoice]
    assert len(invoices) == 25_901  # 25,900, one of which stands in two places
    assert refused == {("no customer: CustomerID is empty", "/anyOf"): 3_710}
    assert lines + 135_080 == 541_909
    assert len(customers) == 4_372
    assert events == len(ids) == 25_901 - 3_710
    assert refunds == 3_654
    assert min(times) == parse_iso("2010-12-01T08:26Z")
    assert max(times) == parse_iso("2011-12-09T12:50Z")


@pytest.mark.skipif(not CDNOW.exists(), reason="needs ../shared/data/cdnow")
def test_cdnow() -> None:
    events = list(outcomes("cdnow.yaml", CDNOW.read_bytes()))
    assert all(isinstance(event, Event) and event.name == "order_completed" for event in events)
    found = [event for event in events if isinstance(event, Event)]
    assert (len(found), len({event.customer for event in found})) == (6_919, 2_357)
    assert found[0].properties == {"quantity": 2, "revenue": 29.33, "currency": "USD"}
    assert min(event.time for event in found) == parse_iso("1997-01-01T00:00Z")
    assert max(event.time for event in found) == parse_iso("1998-06-30T00:00Z")
