"""The time zones that rules and mappings may name."""

from functools import cache
from typing import Final
from zoneinfo import available_timezones

_OF_THIS_MACHINE: Final = frozenset(("localtime", "Factory"))
"""Names in a database of time zones that stand for whatever the machine is set to, or for none."""


@cache
def time_zones() -> frozenset[str]:
    """Return the names of the time zones that are the same on every machine."""
    return frozenset(available_timezones()) - _OF_THIS_MACHINE
