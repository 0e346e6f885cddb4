"""The mapping language: rows of a file, or JSON lines, to events, as a small YAML file says.

    read_mapping          a mapping file to a `Mapping`
    Mapping.decoder       for a header, what turns a row or a line into an event
    Mapping.csv           how rows are written; `csv.header` reads the header row
    made_by                what events, properties and traits it can make at all
    Mapping.counter       how many events a JSON line holds

A field of an event comes from a source: a column by its name, or in JSON a path, or

    {from: COLUMN, as: number}                 text, number, integer, or absolute
    {from: COLUMN, values: {view: product_viewed}, otherwise: page_viewed}
    {value: EUR}                               the same in every row
    {template: "{InvoiceNo}-{line}"}           made of columns and the number of the row's line
    {when: [{from: COLUMN, starts_with: C, value: order_refunded}], otherwise: order_completed}
    {each: params.items, properties: {product_id: item_id}}     a list of objects, in JSON

and a time from `{from: COLUMN, format: "%Y-%m-%d %H:%M:%S", zone: Europe/London}`.

Read in this order: `sources`; `kinds`, `source_kinds` and `document` (YAML to sources); `paths` and
`times`; `readers` (a source to a function of a row); `rows` and `lines` (bytes to rows); `mapping`
(all of it together); `strangers`.
"""

from streamer.mapping.made import Made, made_by
from streamer.mapping.mapping import Mapping, read_mapping
from streamer.mapping.rows import RowFormat

__all__ = ["Made", "Mapping", "RowFormat", "made_by", "read_mapping"]
