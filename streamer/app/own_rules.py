"""The shipped rules, copied into a folder of one's own and adapted to a shop.

A copy says the shop's currency where the shipped rule says EUR, also in its tests, and the shop's
zone in the header, with how visitors become users if that is asked for. Amounts stay as they are:
what is much is for the shop to say. What a chosen kind refers to in another kind comes along, so
the copy is a rule set that can be used.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from streamer.app.hints import hint
from streamer.app.shipped import shipped_rules
from streamer.core.rules.spec import Joining
from streamer.errors import UsageError
from streamer.language.zones import time_zones

_HEADER: Final = "shop.yaml"
_SHIPPED_CURRENCY: Final = "EUR"
_CODE: Final = re.compile(r"[A-Z]{3}")
_CURRENCY: Final = re.compile(r"(?<=\bcurrency: )[A-Z]{3}\b")
_ZONE: Final = re.compile(r"^zone: \S+(.*)$", re.MULTILINE)
_SCHEMA: Final = re.compile(r"^# yaml-language-server:.*\n")
_MONEY: Final = re.compile(r"^# Money:.*?\n(?=ruleset:)", re.MULTILINE | re.DOTALL)
_DECLARED: Final = re.compile(r"^(?:segment|ladder|model): (\w+)", re.MULTILINE)
_REFERRED: Final = re.compile(r"\b(?:in_segment|left_segment|predicted): (\w+)")


@dataclass(frozen=True, slots=True)
class Copied:
    """The copied files, those of them with amounts of money, and the kinds that came along."""

    files: tuple[Path, ...]
    amounts: tuple[Path, ...]
    along: tuple[str, ...]


def kinds() -> list[str]:
    """Return the kinds of shipped rules, which are the names of their folders."""
    return sorted(one.name for one in shipped_rules().iterdir() if one.is_dir())


def copy_rules(
    folder: Path,
    currency: str,
    zone: str,
    chosen: Collection[str] = (),
    *,
    anonymous: Joining = "none",
) -> Copied:
    """Copy the shipped rules of the chosen kinds, or all, into a folder that is new or empty.

    With `anonymous` the header says how visitors become users.
    Raises `UsageError` for a folder that is not empty or cannot be written, and for a currency,
    zone or kind that there is not.
    """
    if not _CODE.fullmatch(currency):
        raise UsageError(f"{currency} is no currency code: expected three capitals such as EUR")
    if zone not in time_zones():
        raise UsageError(f"{zone} is no time zone: expected one such as Europe/Berlin")
    for kind in chosen:
        if kind not in kinds():
            raise UsageError(f"no kind {kind} among the shipped rules: {hint(kind, kinds())}")
    header = rf"zone: {zone}\1"
    if anonymous != "none":
        header += f"\nidentity: {{anonymous: {anonymous}}} # a visitor who logs in is one customer"
    texts = _texts()
    taken = _closed(texts, [name for name in texts if not chosen or _kind(name) in chosen])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty: name a new folder for the rules")
        for name in taken:
            file = folder / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(_adapted(texts[name], currency, header), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written: {error.strerror}") from error
    came = {_kind(name) for name in taken} - {*chosen, ""}
    return Copied(
        files=tuple(folder / name for name in taken),
        amounts=tuple(folder / name for name in taken if _CURRENCY.search(texts[name])),
        along=tuple(sorted(came)) if chosen else (),
    )


def _texts() -> dict[str, str]:
    """Return the shipped files by their names below the folder of rules, the header first."""
    root = shipped_rules()
    files = [root / _HEADER, *sorted(root.glob("*/*.yaml"))]
    return {file.relative_to(root).as_posix(): file.read_text(encoding="utf-8") for file in files}


def _closed(texts: Mapping[str, str], names: Collection[str]) -> list[str]:
    """Return the names with the header and with whatever their rules refer to."""
    home = {key: name for name, text in texts.items() for key in _DECLARED.findall(text)}
    taken = {_HEADER}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in taken:
            taken.add(name)
            waiting.extend(home[key] for key in _REFERRED.findall(texts[name]) if key in home)
    return [name for name in texts if name in taken]


def _kind(name: str) -> str:
    return name.rpartition("/")[0]


def _adapted(text: str, currency: str, header: str) -> str:
    """Return the text for the shop, with `header` where the zone stands.

    The two currencies change places, as tests have others too.
    """
    other = {_SHIPPED_CURRENCY: currency, currency: _SHIPPED_CURRENCY}
    text = _CURRENCY.sub(lambda found: other.get(found[0], found[0]), _SCHEMA.sub("", text))
    return _ZONE.sub(header, _MONEY.sub(_note(currency), text))


def _note(currency: str) -> str:
    return (
        f"# Money: only what is paid in {currency} counts. The amounts are those of the shipped\n"
        f"# rules, which are meant in {_SHIPPED_CURRENCY}: set them to what is much in this shop.\n"
    )
