"""Single values: YAML 1.2 core types, durations, shares, decimals.

The patterns are shared with the JSON Schema, so both accept the same texts.
"""

import re
from decimal import Decimal
from fractions import Fraction
from typing import Final, TypeAlias

from streamer.language.nodes import ListNode, LostNode, MappingNode, Node, ScalarNode
from streamer.language.words import quoted
from streamer.types import DAY, HOUR, MINUTE, SECOND, WEEK, Millis

Plain: TypeAlias = str | bool | int | Decimal
"""A value by the YAML 1.2 core schema; numbers with a point or an exponent are decimals."""

KEY_PATTERN: Final = r"^[a-z][a-z0-9_]{0,62}$"
MEMBERSHIP_PATTERN: Final = r"^[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62})?$"
DURATION_PATTERN: Final = r"^0*[1-9][0-9]*(ms|s|m|h|d|w)$"
RELATIVE_PATTERN: Final = r"^[0-9]+(ms|s|m|h|d|w)$"
DAYS_PATTERN: Final = r"^[0-9]+(d|w)$"
DATE_PATTERN: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
PERCENT_PATTERN: Final = r"^(0*100(\.0+)?|0*[0-9]{1,2}(\.[0-9]+)?)%$"
LONGEST_DURATION: Final[Millis] = 36_500 * DAY
LARGEST_EXPONENT: Final = 300
"""Numbers of more digits before or after the point are refused: no double holds them."""

_UNITS: Final = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK}
_TIME: Final = re.compile(r"0*([0-9]+)(ms|s|m|h|d|w)")
_SAID: Final = re.compile(r"P?([0-9]{1,6}|a|an|one)[ _-]*([A-Za-z]+)")
_COMPOUND: Final = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)[ _]*(ms|[smhdw])[ _]*")
_NUMBER: Final = re.compile(
    r"(?P<sign>-?)(?P<whole>[0-9]{1,3}(?:(?P<group>[.,' ])[0-9]{3})+|[0-9]+)"
    r"(?:(?P<point>[.,])(?P<rest>[0-9]+))?"
)
_AROUND: Final = re.compile(r"([A-Z]{3}|[$\u00a2-\u00a5\u20a0-\u20cf\uffe5])")
"""The code or the sign of a currency beside a number."""
_DAY: Final = re.compile(r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4})")
_SPOKEN: Final = (
    ("ms millisecond milliseconds", 1, "ms"),
    ("s sec secs second seconds", 1, "s"),
    ("m min mins minute minutes", 1, "m"),
    ("h hr hrs hour hours", 1, "h"),
    ("d day days", 1, "d"),
    ("w wk week weeks", 1, "w"),
    ("M mo mon month months", 30, "d"),
    ("q quarter quarters", 90, "d"),
    ("y yr yrs year years", 365, "d"),
)
"""How people say units; months and years have no fixed length, so days stand in for them."""
_MANY: Final = 30
"""So many digits of a duration are read: more are too long a time in any unit."""
_SIGNED: Final = re.compile(r"[-+]?[0-9]+")
_BASED: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_POINTED: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_ENDLESS: Final = re.compile(r"[-+]?(\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN")
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def resolve(node: ScalarNode) -> Plain | None:
    """Return the value of a scalar of YAML, None for null.

    Raises `ValueError` with a clear sentence for a number that no double holds.
    """
    text = node.text
    if not node.plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _BASED.fullmatch(text):
        _bounded(len(text))
        return int(text, 0)
    if _SIGNED.fullmatch(text):
        _bounded(len(text))
        return int(text)
    if _POINTED.fullmatch(text):
        _bounded(len(text))
        number = Decimal(text)
        _bounded(abs(number.adjusted()) if number else 0)
        return number
    if _ENDLESS.fullmatch(text):
        raise ValueError(f"{quoted(text)} is no finite number")
    return text


def is_null(node: ScalarNode) -> bool:
    """Whether null stands there, or nothing."""
    return node.plain and node.text in _WORDS and _WORDS[node.text] is None


def _bounded(digits: int) -> None:
    if digits > LARGEST_EXPONENT:
        raise ValueError("a number of so many digits cannot be compared")


def duration(text: str) -> Millis | None:
    """Return the milliseconds of a text such as `30m` or `0s`; None for any other text."""
    match = _TIME.fullmatch(text)
    return None if match is None else int(match[1][:_MANY]) * _UNITS[match[2]]


def meant_duration(value: Plain | None) -> str | None:
    """Return the duration that `7 days`, `1y` or `P7D` stands for, as it is written here."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value}d for days, or {value}h for hours" if value > 0 else None
    if not isinstance(value, str):
        return None
    match = _SAID.fullmatch(value.strip())
    if match is None:
        return _added_up(value.strip())
    number = 1 if match[1] in {"a", "an", "one"} else int(match[1])
    name = match[2] if match[2] == "M" else match[2].lower()
    factor, unit = next(((n, u) for names, n, u in _SPOKEN if name in names.split()), (0, ""))
    return f"{number * factor}{unit}" if number and factor else None


def _added_up(text: str) -> str | None:
    """Return the duration that `1h30m` or `1.5d` stands for."""
    parts = _COMPOUND.findall(text)
    if not parts or _COMPOUND.sub("", text):
        return None
    millis = sum(Fraction(number) * _UNITS[unit] for number, unit in parts)
    sizes = ((unit, _UNITS[unit]) for unit in ("d", "h", "m", "s", "ms"))
    fits = ((unit, millis / size) for unit, size in sizes if millis % size == 0)
    unit, count = next(fits, ("", Fraction(0)))
    return f"{count}{unit}" if count else None


def meant_number(value: Plain | None, *, whole: bool = False) -> str | None:
    """Return the number that `"3"`, `1,000` or `49,90 EUR` stands for, as it is written here.

    None where it could be two: `1,234` is left to its author.
    """
    if not isinstance(value, str):
        return None
    text = _AROUND.sub("", value, count=1).strip()
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    digits, rest = re.sub(r"[^0-9]", "", match["whole"]), match["rest"]
    if match["group"] in {",", "."} and rest is None and match["whole"].count(match["group"]) == 1:
        other = match["whole"].replace(",", ".")
        return digits if whole else f"{digits} or {other}"
    if match["group"] is not None and match["group"] == match["point"]:
        return None
    if rest is not None:
        return None if whole else f"{match['sign']}{digits}.{rest}"
    return match["sign"] + digits


def meant_day(value: str) -> str | None:
    """Return the day that `24.11.2026` stands for; of `11/24/2026` there are two readings."""
    match = _DAY.fullmatch(value.strip())
    if match is None:
        return None
    if match[2] == ".":
        return f"{match[4]}-{match[3]:>02}-{match[1]:>02}"
    return f"{match[4]}-MM-DD"


def share(value: Plain) -> Fraction | None:
    """Return the fraction that `0.5` or `50%` stands for; None for what is no share."""
    if isinstance(value, str):
        if re.fullmatch(PERCENT_PATTERN[1:-1], value) is None or len(value) > LARGEST_EXPONENT:
            return None
        return Fraction(value[:-1]) / 100
    if isinstance(value, bool) or not 0 <= value <= 1:
        return None
    return Fraction(value)


def described(node: Node) -> str:
    """Return a node as error messages name it."""
    match node:
        case ListNode():
            return "a list"
        case MappingNode():
            return "a mapping"
        case LostNode():
            return "something unreadable"
    try:
        value = resolve(node)
    except ValueError:
        return f"the number {quoted(node.text)}"
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return f"the text {quoted(value)}"
        case _:
            return f"the number {node.text}"
