"""The shipped rules, copied into a folder of one's own and adapted to a shop.

A copy says the shop's currency where the shipped rule says EUR, also in its tests, the shop's
country where a rule has it marked, and the shop's zone in the header, with how visitors become
users if that is asked for. Amounts stay as they are, and so does what else a comment in a rule
calls the shop's: that is for the shop to say. What a chosen kind refers to in another kind comes
along, so the copy is a rule set that can be used.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from streamer.app.countries import checked_country, country_of
from streamer.app.hints import hint
from streamer.app.shipped import shipped_rules
from streamer.core.rules.spec import Joining
from streamer.errors import UsageError
from streamer.language.zones import wrong_zone

_HEADER: Final = "shop.yaml"
_SHIPPED_CURRENCY: Final = "EUR"
_SHIPPED_COUNTRY: Final = "DE"
_CODE: Final = re.compile(r"[A-Z]{3}")
_CURRENCY: Final = re.compile(r"(?<=\bcurrency: )[A-Z]{3}\b")
_CODE_OF_COUNTRY: Final = re.compile(r"\b[A-Z]{2}\b")
_OWN: Final = re.compile(r"# the shop's (\w.*)$")
_COUNTRY: Final = "country"
_ZONE: Final = re.compile(r"^zone: \S+(.*)$", re.MULTILINE)
_SCHEMA: Final = re.compile(r"^# yaml-language-server:.*\n")
_MONEY: Final = re.compile(r"^# Money:.*?\n(?=ruleset:)", re.MULTILINE | re.DOTALL)
_DECLARED: Final = re.compile(r"^(?:segment|ladder|model): (\w+)", re.MULTILINE)
_REFERRED: Final = re.compile(r"\b(?:in_segment|left_segment|predicted): (\w+)")


@dataclass(frozen=True, slots=True)
class Copied:
    """The copied files, those of them with amounts of money, and the kinds that came along.

    `country` is the shop's, None where neither it nor its zone says so. `own` are the lines with
    what only the shop can say, as `file:line: what`.
    """

    files: tuple[Path, ...]
    amounts: tuple[Path, ...]
    along: tuple[str, ...]
    country: str | None
    own: tuple[str, ...]


def kinds() -> list[str]:
    """Return the kinds of shipped rules, which are the names of their folders."""
    return sorted(one.name for one in shipped_rules().iterdir() if one.is_dir())


def copy_rules(
    folder: Path,
    currency: str,
    zone: str,
    chosen: Collection[str] = (),
    *,
    country: str | None = None,
    anonymous: Joining = "none",
) -> Copied:
    """Copy the shipped rules of the chosen kinds, or all, into a folder that is new or empty.

    Without `country` it is the one that the zone lies in. With `anonymous` the header says how
    visitors become users.
    Raises `UsageError` for a folder that is not empty or cannot be written, and for a currency,
    zone, country or kind that there is not.
    """
    if not _CODE.fullmatch(currency):
        raise UsageError(f"{currency} is no currency code: expected three capitals such as EUR")
    if wrong := wrong_zone(zone):
        raise UsageError(wrong)
    home = country_of(zone) if country is None else checked_country(country)
    for kind in chosen:
        if kind not in kinds():
            raise UsageError(f"no kind {kind} among the shipped rules: {hint(kind, kinds())}")
    header = rf"zone: {zone}\1"
    if anonymous != "none":
        header += f"\nidentity: {{anonymous: {anonymous}}} # a visitor who logs in is one customer"
    texts = _texts()
    own: list[str] = []
    taken = _closed(texts, [name for name in texts if not chosen or _kind(name) in chosen])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty: name a new folder for the rules")
        for name in taken:
            file = folder / name
            file.parent.mkdir(exist_ok=True)
            text = _adapted(texts[name], currency, header, home or _SHIPPED_COUNTRY)
            file.write_text(text, encoding="utf-8")
            own.extend(f"{file}:{line}: {what}" for line, what in _own(text, home))
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written: {error.strerror}") from error
    came = {_kind(name) for name in taken} - {*chosen, ""}
    return Copied(
        files=tuple(folder / name for name in taken),
        amounts=tuple(folder / name for name in taken if _CURRENCY.search(texts[name])),
        along=tuple(sorted(came)) if chosen else (),
        country=home,
        own=tuple(own),
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


def _own(text: str, country: str | None) -> Iterator[tuple[int, str]]:
    """Yield the lines with what only the shop can say; its country is said if it is known."""
    for line, written in enumerate(text.splitlines(), 1):
        found = _OWN.search(written)
        if found and (country is None or found[1] != _COUNTRY):
            yield line, found[1]


def _adapted(text: str, currency: str, header: str, country: str) -> str:
    """Return the text for the shop, with `header` where the zone stands.

    The two currencies change places, as tests have others too; and so do the two countries in a
    file that has the shop's.
    """
    text = _CURRENCY.sub(_change(_SHIPPED_CURRENCY, currency), _SCHEMA.sub("", text))
    if f"# the shop's {_COUNTRY}\n" in text:
        text = _CODE_OF_COUNTRY.sub(_change(_SHIPPED_COUNTRY, country), text)
    return _ZONE.sub(header, _MONEY.sub(_note(currency), text))


def _change(one: str, other: str) -> Callable[[re.Match[str]], str]:
    """Return what puts two words in each other's place."""
    change = {one: other, other: one}
    return lambda found: change.get(found[0], found[0])


def _note(currency: str) -> str:
    return (
        f"# Money: only what is paid in {currency} counts. The amounts are those of the shipped\n"
        f"# rules, which are meant in {_SHIPPED_CURRENCY}: set them to what is much in this shop.\n"
    )
