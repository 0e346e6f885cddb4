"""What a value may be: how each kind is read, and what the JSON Schema says of it.

Here are the kinds for which a value alone decides; names are in `names`.

Everything that a kind's `read` accepts, its `schema` accepts.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, Generic, TypeVar

from streamer.core.state.dates import date_of
from streamer.core.values import SCALE
from streamer.core.wording import duration as said_duration
from streamer.language import scalars
from streamer.language.nodes import ListNode, MappingNode, Node, ScalarNode
from streamer.language.reading import Lost, Reading, Wrong, expected
from streamer.language.slips import slip
from streamer.language.synonyms import meaning
from streamer.language.words import quoted
from streamer.types import Millis, Scalar

T = TypeVar("T")

MONTH_DAY_PATTERN: Final = (
    "^((0[1-9]|1[0-2])-(0[1-9]|[12][0-9])|(0[13-9]|1[0-2])-30|(0[13578]|1[02])-31)$"
)
SEASON_DAY_PATTERN: Final = f"^((19|20|21)[0-9]{{2}}-)?{MONTH_DAY_PATTERN[1:-1]}$"
LARGEST_COUNT: Final = 1_000
LARGEST_DECIMAL: Final = 10**18
_CODE: Final = re.compile(r"0[0-9]+")
"""A text that is no usual number: a postcode perhaps, or an article's number."""

_CURLY: Final = re.compile(
    "[\u201c\u201d\u201e\u2018\u2019\u201a\u00ab].*[\u201c\u201d\u2018\u2019\u00bb]"
)
"""A text in the quotes of a word processor, which are none of YAML."""

_SPOKEN: Final = {"yes": "true", "on": "true", "no": "false", "off": "false"}
"""What other versions of YAML read as true and false; in upper case, too."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A kind of value. `says` is how the reference names it.

    `schema` is its JSON Schema; `parts` are the kinds that the schema names as `#/$defs/…`.
    """

    name: str
    says: str
    schema: Mapping[str, Any]
    read: Callable[[Node, Reading], T]
    parts: "tuple[Kind[Any], ...]" = ()


def single(node: Node, what: str) -> scalars.Plain:
    """Return a single value that is not null; `what` says what is expected."""
    if not isinstance(node, ScalarNode):
        raise expected(what, node)
    try:
        value = scalars.resolve(node)
    except ValueError as error:
        raise Wrong(node.at, str(error)) from None
    if value is None:
        raise expected(what, node)
    return value


def text_of(node: Node, what: str) -> str:
    """Return a text that is not blank."""
    value = single(node, what)
    if not isinstance(value, str):
        raise expected(what, node)
    if not value.strip():
        raise Wrong(node.at, f"expected {what}, found an empty one")
    return value


def items(
    node: Node, what: str, read: Callable[[Node, Reading], T], reading: Reading
) -> tuple[T, ...]:
    """Return the items of a list that is not empty, each read by `read`."""
    if isinstance(node, MappingNode) and what.startswith("a list"):
        hint = slip(node) or ': put it in [ ], or begin each item with "- "'
        raise Wrong(node.at, f"expected {what}, found a mapping{hint}")
    if not isinstance(node, ListNode):
        raise expected(what, node)
    if not node.items and node.whole:
        raise Wrong(node.at, f"expected {what}, found an empty list")
    tried = [reading.attempt(read, item) for item in node.items]
    good = tuple(one for one in tried if one is not None)
    if len(good) < len(tried) or not node.whole:
        raise Lost
    return good


def _whole(node: Node, least: int) -> int:
    what = f"a whole number from {least} to {LARGEST_COUNT}"
    value = single(node, what)
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= LARGEST_COUNT:
        return value
    raise expected(what, node, scalars.meant_number(value, whole=True) or "")


def _time(node: Node) -> Millis:
    what = "a duration such as 30m, 24h or 7d"
    value = single(node, what)
    millis = scalars.duration(value) if isinstance(value, str) else None
    if millis is None:
        raise expected(what, node, scalars.meant_duration(value) or "")
    if millis > scalars.LONGEST_DURATION:
        raise Wrong(node.at, f"a duration is at most {said_duration(scalars.LONGEST_DURATION)}")
    return millis


def _relative(node: Node) -> Millis:
    """Return a time after the start, perhaps none."""
    if isinstance(node, ScalarNode) and node.plain and node.text == "0":
        raise expected("a duration such as 0s, 30m or 7d", node, "0s")
    return _time(node)


def _period(node: Node, _: Reading) -> Millis:
    millis = _time(node)
    if millis == 0:
        raise Wrong(node.at, "a duration is more than zero")
    return millis


def _duration(node: Node, reading: Reading) -> Millis:
    millis, retention = _period(node, reading), reading.header.retention
    if millis > retention:
        said = said_duration(retention)
        message = f"longer than the retention of {said}: nothing is remembered after that"
        raise Wrong(node.at, message)
    return millis


def _days(node: Node, reading: Reading) -> Millis:
    """Return a time of whole days, perhaps none."""
    what = "whole days or weeks, such as 7d, 2w or 0d"
    value = single(node, what)
    if not isinstance(value, str) or not re.fullmatch(scalars.DAYS_PATTERN[1:-1], value):
        meant = scalars.meant_duration(value) or ""
        fits = re.fullmatch(scalars.DAYS_PATTERN[1:-1], meant)
        raise expected(what, node, meant if fits else "")
    return 0 if _time(node) == 0 else _duration(node, reading)


def _season_day(node: Node, _: Reading) -> tuple[int, ...]:
    """Return month and day, or year, month and day."""
    what = "a day as MM-DD, such as 02-07, or as YYYY-MM-DD"
    value = single(node, what)
    if not isinstance(value, str) or not re.fullmatch(SEASON_DAY_PATTERN, value):
        raise expected(what, node)
    parts = tuple(int(part) for part in value.split("-"))
    if len(parts) == len(("year", "month", "day")) and date_of(value) is None:
        raise expected(what, node)
    return parts


def _share(node: Node, _: Reading) -> Fraction:
    what = "a share from 0 to 1, such as 0.5 or 50%"
    share = scalars.share(single(node, what))
    if share is None:
        raise expected(what, node)
    return share


def _score(node: Node, _: Reading) -> Fraction:
    what = "a number above 0, or a share such as 50%"
    value = single(node, what)
    score = scalars.share(value) if isinstance(value, str) else Fraction(value)
    if score is None or isinstance(value, bool) or not 0 < score <= LARGEST_DECIMAL:
        raise expected(what, node)
    return score


def _quotient(node: Node, _: Reading) -> Fraction:
    what = "a number, or a share such as 50%"
    value = single(node, what)
    quotient = scalars.share(value) if isinstance(value, str) else Fraction(value)
    if quotient is None or isinstance(value, bool) or abs(quotient) > LARGEST_DECIMAL:
        raise expected(what, node)
    return quotient


def _positive(node: Node, _: Reading) -> Fraction:
    what = "a number above 0"
    value = single(node, what)
    if isinstance(value, (str, bool)) or not 0 < value <= LARGEST_DECIMAL:
        raise expected(what, node)
    return Fraction(value)


def _flag(node: Node, _: Reading) -> bool:
    value = single(node, "true or false")
    if not isinstance(value, bool):
        raise expected("true or false", node)
    return value


def _any_text(node: Node, _: Reading) -> str:
    value = single(node, "a text")
    if not isinstance(value, str):
        raise expected("a text", node)
    return value


def _number(node: Node, _: Reading) -> int | float:
    value = single(node, "a number")
    if isinstance(value, str):
        meant = scalars.meant_number(value)
        instead = "only numbers have an order" if meant is None else f"write {meant}"
        day = scalars.meant_day(value)
        if day is not None:
            instead = f"a date is written {day}"
        raise Wrong(node.at, f"expected a number, found the text {quoted(value)}: {instead}")
    if isinstance(value, bool):
        raise expected("a number", node)
    return float(value) if isinstance(value, Decimal) else value


def _threshold(node: Node, reading: Reading) -> int | float | str:
    """Return a number, or the text of a date; the property says whether that can be meant."""
    value = single(node, "a number")
    if isinstance(value, str) and re.fullmatch(scalars.DATE_PATTERN[1:-1], value):
        return value
    return _number(node, reading)


def _decimal(node: Node, _: Reading) -> int:
    what = "a number of at most 4 decimal places"
    value = single(node, what)
    if isinstance(value, (str, bool)):
        raise expected(what, node, scalars.meant_number(value) or "")
    if not -LARGEST_DECIMAL <= value <= LARGEST_DECIMAL:
        raise Wrong(node.at, "too large: a threshold is at most 10^18")
    scaled = Fraction(value) * SCALE
    if scaled.denominator != 1:
        raise expected(what, node)
    return int(scaled)


def _scalar(node: Node, reading: Reading) -> Scalar:
    if isinstance(node, ListNode):
        raise Wrong(node.at, "expected one value, found a list: a list goes with in or not_in")
    value = single(node, "a text, a number, true or false")
    if isinstance(value, int) and isinstance(node, ScalarNode) and _CODE.fullmatch(node.text):
        message = f'{node.text} is the number {value}: write "{node.text}" if the text is meant'
        reading.report.warning(node.at, message)
    if isinstance(value, str) and isinstance(node, ScalarNode) and node.plain:
        meant = _SPOKEN.get(value.lower())
        if meant is not None:
            message = (
                f'{value} is the text "{value}": write {meant}, or quotes if the text is meant'
            )
            reading.report.warning(node.at, message)
        if _CURLY.fullmatch(value) is not None:
            message = f'the quotes of {value} are part of the text: write "{value[1:-1]}"'
            reading.report.warning(node.at, message)
    return float(value) if isinstance(value, Decimal) else value


def _scalars(node: Node, reading: Reading) -> tuple[Scalar, ...]:
    return items(node, "a list of values such as [red, blue]", _scalar, reading)


def choice(name: str, *words: str) -> Kind[str]:
    """Return the kind of value that is one of a few words."""
    what = " or ".join(words)

    def read(node: Node, reading: Reading) -> str:
        value = single(node, what)
        if isinstance(value, str) and value in words:
            return value
        near = meaning(str(value).lower(), words) or reading.nearest.word(str(value), words)
        if near is None:
            raise expected(what, node)
        raise Wrong(node.at, f"expected {what}: did you mean {quoted(near)}?")

    return Kind(name, " or ".join(f"`{word}`" for word in words), {"enum": list(words)}, read)


NOT_BLANK: Final = {"type": "string", "pattern": r"\S"}

DURATION: Final[Kind[Millis]] = Kind(
    "duration",
    "duration (`30m`, `7d`)",
    {"type": "string", "pattern": scalars.DURATION_PATTERN},
    _duration,
)
PERIOD: Final[Kind[Millis]] = Kind("duration", DURATION.says, DURATION.schema, _period)
RELATIVE: Final[Kind[Millis]] = Kind(
    "relative_time",
    "time after the start (`0s`, `30m`)",
    {"type": "string", "pattern": scalars.RELATIVE_PATTERN},
    lambda node, _: _relative(node),
)
DAYS: Final[Kind[Millis]] = Kind(
    "days",
    "whole days or weeks (`7d`, `2w`, `0d`)",
    {"type": "string", "pattern": scalars.DAYS_PATTERN},
    _days,
)
SEASON_DAY: Final[Kind[tuple[int, ...]]] = Kind(
    "season_day",
    "day of the year (`02-07`), or of one year (`2026-11-24`)",
    {"type": "string", "pattern": SEASON_DAY_PATTERN},
    _season_day,
)
COUNT: Final[Kind[int]] = Kind(
    "count",
    "whole number, 1 to 1000",
    {"type": "integer", "minimum": 1, "maximum": LARGEST_COUNT},
    lambda node, _: _whole(node, 1),
)
COUNT_OR_NONE: Final[Kind[int]] = Kind(
    "count_or_none",
    "whole number, 0 to 1000",
    {"type": "integer", "minimum": 0, "maximum": LARGEST_COUNT},
    lambda node, _: _whole(node, 0),
)
SHARE: Final = Kind(
    "share",
    "share (`0.5`, `50%`)",
    {
        "anyOf": [
            {"type": "number", "minimum": 0, "maximum": 1},
            {"type": "string", "pattern": scalars.PERCENT_PATTERN},
        ]
    },
    _share,
)
SCORE: Final[Kind[Fraction]] = Kind(
    "score",
    "number above 0, or share (`50%`)",
    {
        "anyOf": [
            {"type": "number", "exclusiveMinimum": 0, "maximum": LARGEST_DECIMAL},
            {"type": "string", "pattern": scalars.PERCENT_PATTERN},
        ]
    },
    _score,
)
QUOTIENT: Final[Kind[Fraction]] = Kind(
    "quotient",
    "number, or share (`50%`)",
    {
        "anyOf": [
            {"type": "number", "minimum": -LARGEST_DECIMAL, "maximum": LARGEST_DECIMAL},
            {"type": "string", "pattern": scalars.PERCENT_PATTERN},
        ]
    },
    _quotient,
)
POSITIVE: Final[Kind[Fraction]] = Kind(
    "positive",
    "number above 0",
    {"type": "number", "exclusiveMinimum": 0, "maximum": LARGEST_DECIMAL},
    _positive,
)
FLAG: Final = Kind("flag", "`true` or `false`", {"type": "boolean"}, _flag)
TEXT: Final[Kind[str]] = Kind("text", "text", NOT_BLANK, lambda node, _: text_of(node, "a text"))
ANY_TEXT: Final = Kind("any_text", "text", {"type": "string"}, _any_text)
NUMBER: Final = Kind("number", "number", {"type": "number"}, _number)
THRESHOLD: Final = Kind(
    "threshold",
    "number",
    {"anyOf": [{"type": "number"}, {"type": "string", "pattern": scalars.DATE_PATTERN}]},
    _threshold,
)
DECIMAL: Final[Kind[int]] = Kind(
    "decimal",
    "number, at most 4 decimal places",
    {"type": "number", "minimum": -LARGEST_DECIMAL, "maximum": LARGEST_DECIMAL},
    _decimal,
)
SCALAR: Final = Kind(
    "value", "text, number, true or false", {"type": ["string", "number", "boolean"]}, _scalar
)
SCALARS: Final = Kind(
    "values",
    "list of values",
    {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/value"}},
    _scalars,
    (SCALAR,),
)
