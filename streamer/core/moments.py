"""The time of an event as properties: `at.weekday`, `at.hour`, `at.month`, `at.date`.

They are read in the rule set's zone, from what a calendar and a clock show there.
"""

from datetime import datetime
from typing import Final

WEEKDAYS: Final = (*("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),)
PARTS: Final = ("at.weekday", "at.hour", "at.month", "at.date")
"""The names of the properties."""


def part_of(moment: datetime, name: str) -> str | int:
    """Return a part of a local time; a date is a text that orders as dates do."""
    if name == "at.weekday":
        return WEEKDAYS[moment.weekday()]
    if name == "at.hour":
        return moment.hour
    if name == "at.month":
        return moment.month
    return moment.date().isoformat()
