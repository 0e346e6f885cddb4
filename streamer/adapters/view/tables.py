"""The tables of a view.

Everything in them can be read again from the topics, so a file of another format is no loss: name
another file. `memberships` and `sizes` follow the topic of memberships; `changes`, `flows` and
`stays` follow the topic of changes, of which the most recent are kept whole.
"""

from os import PathLike
from typing import Final

from streamer.adapters.database import Database, Format
from streamer.types import HOUR, MINUTE

MINUTES: Final = "minutes"
HOURS: Final = "hours"
RESOLUTIONS: Final = {MINUTES: MINUTE, HOURS: HOUR}
"""The tables of flows, with the length of their buckets in ms."""

VIEW: Final = Format(
    application=0x53_54_52_56,  # STRV
    version=1,
    overwrites=True,
    tables=(
        """CREATE TABLE positions (
            topic TEXT, partition INTEGER, next INTEGER NOT NULL,
            PRIMARY KEY (topic, partition)) WITHOUT ROWID""",
        """CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID""",
        """CREATE TABLE reached (
            partition INTEGER PRIMARY KEY, at INTEGER NOT NULL, rules TEXT NOT NULL,
            dropped INTEGER NOT NULL DEFAULT -1)""",
        """CREATE TABLE customers (
            customer TEXT PRIMARY KEY, partition INTEGER NOT NULL, born INTEGER NOT NULL,
            sequence INTEGER NOT NULL) WITHOUT ROWID""",
        """CREATE TABLE memberships (
            segment TEXT, customer TEXT, since INTEGER NOT NULL,
            PRIMARY KEY (segment, customer)) WITHOUT ROWID""",
        """CREATE INDEX whose ON memberships (customer, segment, since)""",
        """CREATE TABLE sizes (segment TEXT PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID""",
        """CREATE TABLE changes (
            position INTEGER PRIMARY KEY AUTOINCREMENT, partition INTEGER NOT NULL,
            offset INTEGER NOT NULL, customer TEXT NOT NULL, segment TEXT NOT NULL,
            entered INTEGER NOT NULL, at INTEGER NOT NULL, stay INTEGER, published INTEGER,
            change BLOB NOT NULL)""",
        """CREATE UNIQUE INDEX places ON changes (partition, offset)""",
        """CREATE INDEX stories ON changes (customer, segment, position)""",
        """CREATE INDEX by_segment ON changes (segment, entered, position)""",
        *(
            f"""CREATE TABLE {name} (
                segment TEXT, bucket INTEGER, entered INTEGER NOT NULL, exited INTEGER NOT NULL,
                PRIMARY KEY (segment, bucket)) WITHOUT ROWID"""
            for name in RESOLUTIONS
        ),
        """CREATE INDEX minutes_by_time ON minutes (bucket)""",
        """CREATE TABLE rejected (
            kind TEXT, form TEXT, path TEXT NOT NULL, times INTEGER NOT NULL, at INTEGER,
            reason TEXT NOT NULL, example TEXT NOT NULL,
            PRIMARY KEY (kind, path, form)) WITHOUT ROWID""",
        """CREATE TABLE rejected_minutes (
            bucket INTEGER PRIMARY KEY, times INTEGER NOT NULL)""",
    ),
)


def open_view(path: str | PathLike[str]) -> Database:
    """Open the file of a view for one thread, and make it where it is missing."""
    return Database(path, form=VIEW)
