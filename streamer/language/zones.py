"""The time zones that rules and mappings may name."""

from difflib import get_close_matches
from functools import cache
from typing import Final
from zoneinfo import available_timezones

_OF_THIS_MACHINE: Final = frozenset(("localtime", "Factory"))
"""Names in a database of time zones that stand for whatever the machine is set to, or for none."""


@cache
def time_zones() -> frozenset[str]:
    """Return the names of the time zones that are the same on every machine."""
    return frozenset(available_timezones()) - _OF_THIS_MACHINE


def wrong_zone(name: str) -> str | None:
    """Return what is wrong with the name of a time zone, None if there is such a zone."""
    if name in time_zones():
        return None
    places = sorted(zone for zone in time_zones() if "/" in zone and not zone.startswith("Etc/"))
    named = [zone for zone in places if zone.rpartition("/")[2].casefold() == name.casefold()]
    near = named or get_close_matches(name, places, 1)
    instead = f'did you mean "{near[0]}"?' if near else "write UTC or a name such as Europe/Berlin"
    return f'no such time zone: "{name}": {instead}'
