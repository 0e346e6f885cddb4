"""Mapping files: what rows become, and what is said of those that become nothing."""

import re
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from streamer.errors import InvalidEvent, MappingError, UsageError
from streamer.mapping import Mapping, RowFormat, read_mapping
from streamer.types import Event, Record

Write = Callable[[str], Path]
Row = Callable[..., Event]

AT = 1_795_323_600_000
HEADER = ["number", "kind", "when", "customer", "sku", "price", "amount"]
MAPPING = """
    id: {template: "{number}-{line}"}
    name: {from: kind, values: {view: product_viewed, sale: order_completed}}
    time: {from: when, format: "%d.%m.%Y %H:%M", zone: Europe/Berlin}
    user_id: {from: customer, as: integer}
    properties:
      product_id: sku
      price: {from: price, as: number}
      quantity: {from: amount, as: absolute}
      currency: {value: EUR}
    traits:
      number: customer
    """
ROW = "17,view,22.11.2026 06:00,7.0,shoe-1,59.90,-2"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "shop.yaml"
        path.write_text(dedent(text), encoding="utf-8")
        return path

    return write


@pytest.fixture
def row(write: Write) -> Row:
    """Decode a row by `MAPPING`, or by that with some of its lines replaced."""

    def row(text: str | bytes, *changes: tuple[str, str], header: list[str] | None = None) -> Event:
        mapping = MAPPING
        for old, new in changes:
            assert old in mapping
            mapping = mapping.replace(old, new, 1)
        decode = read_mapping(write(mapping)).decoder(header or HEADER)
        return decode(record(text))

    return row


def layout_of(mapping: Mapping) -> RowFormat:
    assert mapping.csv is not None
    return mapping.csv


def record(row: str | bytes) -> Record:
    value = row.encode() if isinstance(row, str) else row
    return Record(partition=0, offset=4, value=value, line=6)


def refused(row: Row, *args: object) -> InvalidEvent:
    with pytest.raises(InvalidEvent) as caught:
        row(*args)
    return caught.value


def test_a_row_becomes_an_event(row: Row) -> None:
    assert row(ROW) == Event(
        id="17-6",
        name="product_viewed",
        customer="7",
        time=AT,
        properties={"product_id": "shoe-1", "price": 59.9, "quantity": 2, "currency": "EUR"},
        traits={"number": "7.0"},
        user_id="7",
    )


def test_empty_cells_are_absent(row: Row) -> None:
    event = row("17,view,22.11.2026 06:00,7,,,")
    assert event.properties == {"currency": "EUR"}


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("5", 5),
        ("5.0", 5.0),
        ("-5.25", -5.25),
        ("1e3", 1000.0),
        ("99999999999999999999", 1e20),
        ("5 EUR", "5 EUR"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("1e400", "1e400"),
        ("9" * 5_000, "9" * 5_000),
        ("1_000", "1_000"),
        ("\u0664\u0665", "\u0664\u0665"),
        ("\u0665x", "\u0665x"),
    ],
)
def test_numbers_are_read_and_what_is_none_stays(row: Row, cell: str, number: object) -> None:
    found = row(ROW.replace("59.90", cell)).properties["price"]
    assert (found, type(found)) == (number, type(number))


@pytest.mark.parametrize(
    ("quoted", "sku"),
    [('"shoe, red"', "shoe, red"), ('"7"" disc"', '7" disc'), ('"two\nlines"', "two\nlines")],
)
def test_quoted_cells_hold_anything(row: Row, quoted: str, sku: str) -> None:
    assert row(ROW.replace("shoe-1", quoted)).properties["product_id"] == sku


def test_a_quote_inside_a_cell_is_itself(row: Row) -> None:
    assert row(ROW.replace("shoe-1", 'disc 7" x')).properties["product_id"] == 'disc 7" x'


def test_line_ends_are_no_part_of_the_row(row: Row) -> None:
    assert row(ROW + "\r\n") == row(ROW)


@pytest.mark.parametrize(
    ("text", "reason", "path"),
    [
        ("", "the row is empty", ""),
        ("17,view", "ends after 2 of 7 cells: no when, customer, sku …", ""),
        (ROW.rsplit(",", 1)[0], "ends after 6 of 7 cells: no amount", ""),
        (ROW + ",", "8 cells for 7 columns", ""),
        (ROW.replace("shoe-1", '"shoe'), "not a row of cells", ""),
        (ROW.replace("shoe-1", '"shoe"x'), "not a row of cells", ""),
        (ROW.encode().replace(b"shoe", b"\xff"), "not utf-8: byte 30", ""),
        ("x" * 1_048_577, "at most 1048576", ""),
        (ROW.replace("view", "look"), "kind 'look' is none of the values", "/properties/name"),
        (ROW.replace("view", ""), "name is missing", "/properties/name"),
        (ROW.replace("22.11.2026 06:00", ""), "when is empty", "/properties/time"),
        (ROW.replace("22.11", "31.11"), "time '31.11.2026 06:00' in when: day", "/properties/time"),
        (ROW.replace("22.11", "soon"), "not of the form %d.%m.%Y %H:%M", "/properties/time"),
        (ROW.replace("2026", "1989"), "not within 1990 to 2100", "/properties/time"),
        (ROW.replace("7.0", ""), "no customer: customer is empty", "/anyOf"),
        (ROW.replace("7.0", "7.5"), "customer must be a whole number", "/properties/user_id"),
        (ROW.replace("7.0", "guest"), "customer must be a whole number", "/properties/user_id"),
        (ROW.replace("17,", '"1\n7",'), "id has a control character", "/properties/id"),
    ],
)
def test_a_row_that_makes_no_event(row: Row, text: str | bytes, reason: str, path: str) -> None:
    error = refused(row, text)
    assert reason in error.reason
    assert error.path == path


def test_the_first_case_that_holds_decides(row: Row) -> None:
    cases = """when:
        - {from: kind, is: view, value: product_viewed}
        - {from: number, in: [1, 2.0], value: cart_viewed}
        - {from: number, starts_with: C, value: order_refunded}
        - {from: sku, contains: sho, value: product_added}
      otherwise: order_completed"""
    change = (
        "name: {from: kind, values: {view: product_viewed, sale: order_completed}}",
        "name:\n      " + cases,
    )
    rows = {
        "17,view,": "product_viewed",
        "1,sale,": "cart_viewed",
        "2.0,sale,": "cart_viewed",
        "2,sale,": "product_added",
        "C2,sale,": "order_refunded",
    }
    for start, name in rows.items():
        assert row(ROW.replace("17,view,", start), change).name == name
    assert row(ROW.replace("view", "sale").replace("shoe-1", ""), change).name == "order_completed"
    change = (change[0], change[1].replace("\n      otherwise: order_completed", ""))
    error = refused(row, ROW.replace("view", "sale").replace("shoe-1", ""), change)
    assert "none of the mapping's cases" in error.reason


def test_otherwise_stands_for_values_not_named(row: Row) -> None:
    change = ("sale: order_completed}}", "sale: order_completed}, otherwise: page_viewed}")
    assert row(ROW.replace("view", "look"), change).name == "page_viewed"
    assert row(ROW, change).name == "product_viewed"


@pytest.mark.parametrize(
    ("source", "cell", "value"),
    [
        ("as: negated", "5", -5),
        ("as: negated", "-5.5", 5.5),
        ("as: negated", "red", "red"),
        ("as: lower", "Kim@Shop.Example", "kim@shop.example"),
        ("as: lower", "ÄÖ", "äö"),
        ("as: date", "1990-03-10", "1990-03-10"),
        ("as: date", "1990-03-10T23:30:00-05:00", "1990-03-10"),
        ("as: date", "1990-03-10 00:00:00", "1990-03-10"),
        ("as: date", "10 March", "10 March"),
        ("as: date, zone: Europe/Berlin", "1990-03-10T23:30:00Z", "1990-03-11"),
        ("as: date, format: seconds", "637110000", "1990-03-10"),
        ("as: date, format: '%d.%m.%Y'", "10.3.1990", "1990-03-10"),
        ("as: date, format: '%d.%m.%Y'", "1990", "1990"),
        ("as: number, decimal: ','", '"12,50"', 12.5),
        ("as: number, decimal: ','", '"1.234.567,89"', 1234567.89),
        ("as: number, decimal: ','", "1 234", 1234),
        ("as: number, decimal: ','", "12.50", "12.50"),
        ("as: number, decimal: ','", '"1.234,50 €"', 1234.5),
        ("as: number, decimal: ','", '"-5,00€"', -5),
        ("as: number, decimal: ','", "1\u202f234", 1234),
        ("as: number, decimal: ','", '"1.23,50"', "1.23,50"),
        ("as: number, decimal: ','", "12 CHF", "12 CHF"),
        ("as: number, decimal: '.'", '"1,234.50"', 1234.5),
        ("as: number, decimal: '.'", '"-$1,234.50"', -1234.5),
        ("as: number, decimal: '.'", "¥ 88.00", 88),
        ("as: number, decimal: '.'", '"12,50"', "12,50"),
        ("as: number", '"1,234.50"', "1,234.50"),
        ("as: negated, decimal: ','", '"12,50"', -12.5),
        ("as: number, decimal: ',', divided_by: 100", '"1250,"', 12.5),
        ("values: {red: crimson}, others: keep", "blue", "blue"),
        ("values: {red: crimson}, others: keep", "red", "crimson"),
        ("values: {red: null}, otherwise: other", "blue", "other"),
    ],
)
def test_what_a_mapping_can_make_of_a_cell(row: Row, source: str, cell: str, value: object) -> None:
    event = row(
        f"17,view,22.11.2026 06:00,7,{cell},59.90,1",
        ("product_id: sku", f"made: {{from: sku, {source}}}"),
    )
    assert event.properties["made"] == value


def test_null_says_that_nothing_is_there(row: Row) -> None:
    of_values = ("product_id: sku", "made: {from: sku, values: {shoe-1: null}}")
    case = "{from: sku, exists: true, value: null}"
    of_cases = ("product_id: sku", f"made: {{when: [{case}], otherwise: 1}}")
    assert "made" not in row(ROW, of_values).properties
    assert "made" not in row(ROW, of_cases).properties


@pytest.mark.parametrize(
    ("case", "value"),
    [
        ("{from: sku, exists: true, then: price}", "59.90"),
        ("{from: sku, exists: true, then: {from: price, as: number}}", 59.9),
        ("{from: [sku, price], starts_with: shoe, then: {template: '{sku}!'}}", "shoe-1!"),
        ("{from: sku, exists: false, then: price}", "rest"),
    ],
)
def test_a_case_may_give_a_source(row: Row, case: str, value: object) -> None:
    event = row(ROW, ("product_id: sku", f"made: {{when: [{case}], otherwise: rest}}"))
    assert event.properties["made"] == value


def test_names_that_are_not_listed_can_be_kept(row: Row) -> None:
    change = ("sale: order_completed}}", "sale: order_completed}, others: keep}")
    assert row(ROW.replace("view", "[App] Artikel gemerkt"), change).name == "app_artikel_gemerkt"
    assert row(ROW, change).name == "product_viewed"


def test_a_decimal_comma_of_the_whole_file(row: Row) -> None:
    event = row(ROW.replace("59.90", '"1.059,90"'), ("id: {", "decimal: ','\n    id: {"))
    assert event.properties["price"] == 1059.9


def test_the_anonymous_id_stands_in_for_an_empty_user(row: Row) -> None:
    change = ("user_id: {from: customer, as: integer}", "user_id: sku\n    anonymous_id: customer")
    assert row(ROW, change).customer == "shoe-1"
    assert row(ROW.replace("shoe-1", ""), change).customer == "7.0"
    error = refused(row, ROW.replace("shoe-1", "").replace("7.0", ""), change)
    assert error.reason == "no customer: sku and customer is empty"


def test_the_append_time_may_have_a_column(row: Row) -> None:
    change = ("user_id:", 'appended: {from: number, format: "seconds"}\n    user_id:')
    assert row(ROW.replace("17", "1795323600.5"), change).appended == AT + 500


def test_names_of_ones_own_are_listed(row: Row) -> None:
    changes = (
        ("id:", "events: [label_printed]\n    id:"),
        ("view: product_viewed", "view: label_printed"),
    )
    assert row(ROW, *changes).name == "label_printed"


def test_other_delimiters_and_encodings(row: Row) -> None:
    change = ("id:", 'delimiter: ";"\n    encoding: cp1252\n    id:')
    text = ROW.replace(",", ";").replace("shoe", "Stiefel für €")
    event = row(text.encode("cp1252"), change)
    assert event.properties["product_id"] == "Stiefel für €-1"


def test_columns_can_be_named_and_cells_be_apart_by_any_spaces(write: Write) -> None:
    names = ", ".join(HEADER)
    change = ("id:", f"columns: [{names}]\n    delimiter: spaces\n    id:")
    text = MAPPING.replace("%d.%m.%Y %H:%M", "%d.%m.%YT%H:%M").replace(*change, 1)
    mapping = read_mapping(write(text))
    assert layout_of(mapping).columns == tuple(HEADER)
    assert layout_of(mapping).sign == b" "
    decode = mapping.decoder(HEADER)
    event = decode(Record(0, 0, b'  17 view\t22.11.2026T06:00  7 "shoe"   59.90 -2 ', line=1))
    assert (event.customer, event.properties["product_id"], event.time) == ("7", '"shoe"', AT)
    with pytest.raises(InvalidEvent, match="the row ends after 1 of 7 cells"):
        decode(Record(0, 0, b"  17 ", line=1))
    with pytest.raises(InvalidEvent, match="the row is empty"):
        decode(Record(0, 0, b"  ", line=1))


def test_the_header_is_read_as_rows_are(write: Write) -> None:
    mapping = read_mapping(write(MAPPING))
    assert layout_of(mapping).header(b'\xef\xbb\xbfnumber,"a, b",c\r\n') == ["number", "a, b", "c"]
    with pytest.raises(UsageError, match=r"not utf-8: byte 8 .* write encoding: cp1252 in the"):
        layout_of(mapping).header(b"number,\xff")
    with pytest.raises(UsageError, match=r'sep=;, is a note for Excel: .* delimiter: ";"'):
        layout_of(mapping).header(b"sep=;\r\n")
    with pytest.raises(UsageError, match="lines end with CR alone; save the file with LF or CRLF"):
        layout_of(mapping).header(b"number,kind\r17,view\r")


def test_a_header_in_one_cell_names_its_delimiter(write: Write) -> None:
    mapping = read_mapping(write(MAPPING))
    with pytest.raises(MappingError, match='it is one cell of "number;kind": write delimiter: ";"'):
        mapping.decoder(["number;kind"])


def test_columns_that_are_not_there_are_named_all_at_once(write: Write) -> None:
    header = ["number", "kind", "When", "customer", "sku", "price", "price"]
    with pytest.raises(MappingError) as caught:
        read_mapping(write(MAPPING)).decoder(header)
    said = [(found.line, found.column, found.message) for found in caught.value.findings]
    assert said == [
        (4, 14, 'no column "when" in the header: did you mean "When"?'),
        (8, 17, 'the column "price" stands 2 times in the header'),
        (9, 20, f'no column "amount" in the header: the header has {", ".join(header)}'),
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{value: EUR}", '"{number}-{line}"', 'write {template: "{number}-{line}"}'),
        ("{value: EUR}", "order_completed", "write {value: order_completed}"),
    ],
)
def test_what_is_no_column_but_a_source_is_understood(
    write: Write, old: str, new: str, said: str
) -> None:
    mapping = read_mapping(write(MAPPING.replace(old, new, 1)))
    with pytest.raises(MappingError, match=f"in the header: {re.escape(said)}"):
        mapping.decoder(HEADER)


def wrong(mapping: str, read: Callable[[str], Mapping]) -> list[str]:
    with pytest.raises(MappingError) as caught:
        read(mapping)
    return [f"{one.line}:{one.column}: {one.message}" for one in caught.value.findings]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("id: {template", "ids: {template", '2:1: unknown key "ids"'),
        ("view: product_viewed", "view: product_vewed", 'did you mean "product_viewed"?'),
        ("as: number", "as: numbr", 'did you mean "number"?'),
        ("as: number", "as: float", 'did you mean "number"?'),
        ("as: number", "type: number", 'did you mean "as"?'),
        ("user_id: {from", "customer: {from", 'did you mean "user_id"?'),
        ("id: {", "separator: ';'\n    id: {", 'did you mean "delimiter"?'),
        ("id: {", "delimiter: tab\n    id: {", 'write "\\t" in double quotes'),
        ("id: {", "delimiter: '\\t'\n    id: {", 'write "\\t" in double quotes'),
        ("%d.%m.%Y %H:%M", "%d.%m.%Y %y", "%Y or %y, not both"),
        ("zone: Europe/Berlin", "zone: Europe/Berln", 'no such time zone: "Europe/Berln"'),
        ("zone: Europe/Berlin", "zone: localtime", 'no such time zone: "localtime"'),
        ("zone: Europe/Berlin", "zone: right/UTC", 'no such time zone: "right/UTC"'),
        (", zone: Europe/Berlin", "", "needs a zone"),
        ("%d.%m.%Y %H:%M", "%d.%m.%Y %Q", "%Q is not known"),
        ("%d.%m.%Y %H:%M", "%d.%m.%Y %d", "%d stands twice"),
        ("%d.%m.%Y %H:%M", "%d.%m", "needs %Y"),
        ("%d.%m.%Y %H:%M", "%d.%m.%Y %I", "%H, or %I with %p"),
        ("%d.%m.%Y %H:%M", "iso", "says its zone itself"),
        ("{number}-{line}", "{number", "template that cannot be read"),
        ("{number}-{line}", "{}", "by its name alone"),
        ("{number}-{line}", "{number:5}", "by its name alone"),
        ("{number}-{line}", "number", "needs a column in braces"),
        ("{value: EUR}", "{value: EUR, from: sku}", "one source"),
        ("{value: EUR}", "{}", "is missing in a field's source"),
        ("{value: EUR}", "{value: EUR, as: number}", "as goes with from"),
        ("{value: EUR}", "{value: EUR, otherwise: USD}", "otherwise goes with values or when"),
        ("{value: EUR}", "[[EUR]]", "expected the name of a column"),
        ("{value: EUR}", "{when: [{from: sku, value: 1}]}", "one of"),
        ("{value: EUR}", "{when: [{from: sku, is: 1, in: [2], value: 1}]}", "compares once"),
        ("{value: EUR}", "{from: sku, values: {}}", "expected a mapping of cells"),
        ("{value: EUR}", "{when: [{from: sku, is: 1}]}", '"value" is missing in a case'),
        ("{value: EUR}", "{when: [{is: 1, value: 1}]}", '"from" is missing in a case'),
        ("{value: EUR}", "{from: sku, decimal: ','}", "decimal goes with as: number"),
        ("{value: EUR}", "{from: sku, format: iso}", "format goes with as: date"),
        ("{value: EUR}", "{from: sku, others: keep}", "others goes with values"),
        ("{value: EUR}", "{from: sku, as: date, format: '%d'}", "needs %Y"),
        ("    user_id: {from: customer, as: integer}\n", "", '"user_id" or "anonymous_id"'),
        ("id: {", "delimiter: ab\n    id: {", "expected one character"),
        ("id: {", "columns: []\n    id: {", "expected a list of column names"),
        ("id: {", "columns: [a, b, a]\n    id: {", 'the column "a" is named twice'),
        ("id: {", "encoding: utf-16\n    id: {", "no encoding that can be used"),
        ("id: {", "encoding: nonsense\n    id: {", "no encoding that can be used"),
        ("id: {", "events: [Own]\n    id: {", "expected a name that an event can have"),
        ("id: {", "id: number\n    id: {", 'duplicate key "id"'),
        ("properties:", "properties: *all", "not YAML"),
        ("id: {", "--- \n    id: 5\n    ---\n    id: {", "one document, not 2"),
    ],
)
def test_errors_name_their_place(write: Write, old: str, new: str, said: str) -> None:
    assert old in MAPPING
    text = MAPPING.replace(old, new, 1)
    found = wrong(text, lambda text: read_mapping(write(text)))
    assert any(said in message for message in found), found


def test_all_errors_come_at_once(write: Write) -> None:
    text = MAPPING.replace("as: number", "as: numbr").replace("product_viewed", "product_vewed")
    found = wrong(text, lambda text: read_mapping(write(text)))
    assert [message.split(":")[0] for message in found] == ["3", "8"]


def test_an_empty_file_is_no_mapping(write: Write) -> None:
    with pytest.raises(MappingError, match="one document, not 0"):
        read_mapping(write(""))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_mapping(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match="cannot be read"):
        read_mapping(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"# caf\xe9")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_mapping(tmp_path / "latin.yaml")
    (tmp_path / "long.yaml").write_bytes(b"#" * 1_048_577)
    with pytest.raises(UsageError, match="at most 1048576"):
        read_mapping(tmp_path / "long.yaml")
