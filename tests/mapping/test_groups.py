"""Rows in turn that share a cell make one event: the lines of an invoice are one order."""

from pathlib import Path
from textwrap import dedent

import pytest

from streamer.app.inputs import open_records
from streamer.errors import InvalidEvent, MappingError
from streamer.mapping import read_mapping
from streamer.types import Event

MAPPING = """
    group: invoice
    decimal: ","
    delimiter: ";"
    id: {template: "{invoice}"}
    name: {value: order_completed}
    time: {from: when, format: "%Y-%m-%d", zone: UTC}
    user_id: customer
    properties:
      order_id: invoice
      products:
        each: rows
        properties:
          product_id: sku
          price: {from: price, as: number}
          line: {from: line, as: integer}
    """
HEADER = "invoice;when;customer;sku;price\n"


def read(tmp_path: Path, rows: str) -> list[Event | str]:
    """Return the events of a file with these rows, and the reasons where there are none."""
    (tmp_path / "shop.yaml").write_text(dedent(MAPPING), encoding="utf-8")
    (tmp_path / "rows.csv").write_text(HEADER + rows, encoding="utf-8")
    log, decode = open_records([str(tmp_path / "rows.csv")], str(tmp_path / "shop.yaml"))
    found: list[Event | str] = []
    with log:
        for record in log.read(0, 0, 100):
            try:
                found.append(decode(record))
            except InvalidEvent as error:
                found.append(f"{record.line}: {error.reason}")
    return found


def told(found: list[Event | str]) -> list[object]:
    return [
        one
        if isinstance(one, str)
        else (
            one.id,
            one.customer,
            [product["product_id"] for product in one.properties["products"]],
        )
        for one in found
    ]


def test_rows_of_one_invoice_are_one_order(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "7;2026-01-02;kim;lamp;12,50\n7;2026-01-02;kim;mug;3\n8;2026-01-03;kim;mug;3\n",
    )
    assert told(found) == [("7", "kim", ["lamp", "mug"]), ("8", "kim", ["mug"])]
    assert isinstance(found[0], Event)
    assert found[0].properties == {
        "order_id": "7",
        "products": [
            {"product_id": "lamp", "price": 12.5, "line": 2},
            {"product_id": "mug", "price": 3, "line": 3},
        ],
    }


def test_only_rows_in_turn_belong_together(tmp_path: Path) -> None:
    rows = "7;2026-01-02;kim;a;1\n8;2026-01-02;kim;b;1\n7;2026-01-02;kim;c;1\n"
    assert [one[2] for one in told(read(tmp_path, rows)) if isinstance(one, tuple)] == [
        ["a"],
        ["b"],
        ["c"],
    ]


def test_quoted_line_ends_and_rows_without_an_invoice(tmp_path: Path) -> None:
    rows = (
        '7;2026-01-02;kim;"a\nb";1\n7;2026-01-02;kim;"c ""d""";1\n'
        ";2026-01-02;kim;e;1\n;2026-01-02;kim;f;1\n"
    )
    assert told(read(tmp_path, rows)) == [
        ("7", "kim", ["a\nb", 'c "d"']),
        "5: id is empty",
        "6: id is empty",
    ]


def test_a_broken_row_is_refused_alone(tmp_path: Path) -> None:
    rows = "7;2026-01-02;kim;a;1\n7;2026-01-02;kim\n7;2026-01-02;kim;c;1\n"
    first, broken, last = told(read(tmp_path, rows))
    assert (first, last) == (("7", "kim", ["a"]), ("7", "kim", ["c"]))
    assert broken == "3: the row ends after 3 of 5 cells: no sku, price"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("each: rows", "each: lines", "with group, each: rows makes an object of each row"),
        ("    group: invoice\n", "", "a list goes with input: json, or with group"),
        ("group: invoice", "input: json\n    group: invoice", "JSON lines have no group"),
    ],
)
def test_what_does_not_go_with_groups(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "shop.yaml").write_text(dedent(MAPPING.replace(old, new)), encoding="utf-8")
    with pytest.raises(MappingError) as caught:
        read_mapping(tmp_path / "shop.yaml")
    assert any(said in one.message for one in caught.value.findings)


def test_a_column_to_group_by_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(dedent(MAPPING.replace("group: invoice", "group: invoce")))
    (tmp_path / "rows.csv").write_text(HEADER + "7;2026-01-02;kim;a;1\n")
    with pytest.raises(MappingError, match='no column "invoce" in the header'):
        open_records([str(tmp_path / "rows.csv")], str(tmp_path / "shop.yaml"))
