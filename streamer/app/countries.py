"""Countries by their codes (ISO 3166-1 alpha-2), and which one a time zone lies in.

Both are read from the tables that the IANA time zone database carries.
"""

import re
from functools import cache
from importlib.resources import files

from streamer.errors import UsageError


def country_of(zone: str) -> str | None:
    """Return the country whose clocks a time zone tells, None for those of none, such as UTC."""
    countries = {name: code for code, _, name, *_ in _rows("zone.tab")}
    links = re.findall(r"^L (\S+) (\S+)$", _table("tzdata.zi"), re.MULTILINE)
    today = {old: new for new, old in links}
    return countries.get(zone) or countries.get(today.get(zone, ""))


def checked_country(said: str) -> str:
    """Return the code of a country; raises `UsageError` for what is none."""
    names = dict(_rows("iso3166.tab"))
    if said in names:
        return said
    near = said.upper() if said.upper() in names else None
    word = re.compile(rf"\b{re.escape(said)}\b", re.IGNORECASE)
    found = [code for code, name in names.items() if said and word.search(name)]
    instead = near or " or ".join(found) or "two capitals such as DE"
    raise UsageError(f"{said} is no country code: write {instead}")


def _rows(table: str) -> list[list[str]]:
    lines = _table(table).splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


@cache
def _table(name: str) -> str:
    return (files("tzdata") / "zoneinfo" / name).read_text(encoding="utf-8")
