"""Which lines are events (1, 2), who did it, and when.

Only bytes, JSON, size, depth, non-finite numbers, id, name, customer, time, and `properties`,
`products`, `traits` of the wrong kind make a line no event.
"""

import json
import math
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.oracle.values import Digits, Json, Node, Product

MOST_BYTES = 1 << 20
MOST_LEVELS = 32
MOST_CHARACTERS = 256
FIRST_TIME = 631_152_000_000  # 1990-01-01T00:00Z
AFTER_LAST_TIME = 4_133_980_800_000  # 2101-01-01T00:00Z
YEARS = range(1990, 2101)
EXACT_INTEGERS = 1 << 53

MOST_NAME = 63
NOT_IN_IDS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
SURROGATE = re.compile(r"[\ud800-\udfff]")
INSTANT = re.compile(
    r"(?P<second>(?P<year>\d{4})-\d\d-\d\dT\d\d:\d\d:\d\d)(\.(?P<fraction>\d+))?"
    r"(Z|(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d))",
    re.ASCII,
)


class NoEventError(Exception):
    """The line is no event; the message says why."""


@dataclass(frozen=True)
class Event:
    """A valid event and where it stood in the file. Times are milliseconds since 1970.

    `customer` is `user` if that is there, else `anonymous`.
    """

    line: int
    id: str
    name: str
    customer: str
    time: int
    properties: Node
    products: list[Product]
    traits: Node
    context: Node
    appended: int | None
    user: str | None
    anonymous: str | None


def read_event(raw: bytes, line: int) -> Event:
    """The event in a line of JSON, or NoEventError."""
    record = parse(raw)
    properties = optional_object(record, "properties")
    products = properties.get("products")
    if products is None:
        products = []
    if not isinstance(products, list) or not all(isinstance(one, dict) for one in products):
        raise NoEventError("products is not a list of objects")
    name = record.get("name")
    if not isinstance(name, str) or not is_name(name):
        raise NoEventError("name")
    appended = record.get("appended")
    return Event(
        line=line,
        id=identity(record.get("id"), "id"),
        name=name,
        customer=customer_of(record),
        time=instant(record.get("time")),
        properties=properties,
        products=products,
        traits=optional_object(record, "traits"),
        context=context if isinstance(context := record.get("context"), dict) else {},
        appended=None if appended is None else instant(appended),
        user=good_identity(record.get("user_id")),
        anonymous=good_identity(record.get("anonymous_id")),
    )


def parse(raw: bytes) -> Node:
    """The JSON object in the line: UTF-8, at most 1 MiB, at most 32 levels, finite numbers."""
    if len(raw) > MOST_BYTES:
        raise NoEventError("larger than 1 MiB")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoEventError("not UTF-8") from error
    if levels(text) > MOST_LEVELS:
        raise NoEventError("deeper than 32 levels")
    try:
        record = json.loads(
            text, parse_int=whole_number, parse_float=finite, parse_constant=no_constant
        )
    except (ValueError, RecursionError) as error:
        raise NoEventError("not JSON") from error
    if not isinstance(record, dict):
        raise NoEventError("not an object")
    if any_text(record, SURROGATE):
        raise NoEventError("a lone surrogate")
    return record


def levels(text: str) -> int:
    """How deep objects and lists are nested; brackets within texts are none."""
    depth = deepest = 0
    for bracket in re.findall(r"[\[{}\]]", re.sub(r'"(\\.|[^"\\])*"', "", text, flags=re.DOTALL)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def finite(text: str) -> float:
    """A number of JSON is a double, and finite."""
    number = float(text)
    if not math.isfinite(number):
        raise NoEventError("a number that is not finite")
    return number


def whole_number(text: str) -> int:
    """A whole number; beyond 2^53 the double it stands for, which remembers its digits."""
    number = finite(text)
    if abs(number) < EXACT_INTEGERS:
        return int(text)
    long = Digits(int(number))
    long.written = text
    return long


def no_constant(text: str) -> float:
    """NaN and Infinity are not JSON."""
    raise NoEventError(text)


def any_text(data: Json, pattern: re.Pattern[str]) -> bool:
    """Does any text in the document, keys included, hold what the pattern looks for?"""
    if isinstance(data, str):
        return bool(pattern.search(data))
    if isinstance(data, list):
        return any(any_text(element, pattern) for element in data)
    if isinstance(data, dict):
        return any(any_text(part, pattern) for pair in data.items() for part in pair)
    return False


def optional_object(record: Node, key: str) -> Node:
    """An object, empty where it is absent or null."""
    data = record.get(key)
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise NoEventError(f"{key} is not an object")
    return data


def is_name(name: str) -> bool:
    """A lower-case letter of any script, then letters, digits and `_`, at most 63, NFC."""
    return (
        1 <= len(name) <= MOST_NAME
        and unicodedata.normalize("NFC", name) == name
        and name[0].isalpha()
        and name == name.lower()
        and all(unicodedata.category(one)[0] in "LMN" or one == "_" for one in name)
    )


def identity(data: Json, key: str) -> str:
    """An id: 1 to 256 characters, no control characters; a whole number is its text (1)."""
    if isinstance(data, int | float) and not isinstance(data, bool) and data == int(data):
        data = str(int(data))
    if not isinstance(data, str) or not 1 <= len(data) <= MOST_CHARACTERS:
        raise NoEventError(key)
    if NOT_IN_IDS.search(data):
        raise NoEventError(key)
    return data


def good_identity(data: Json) -> str | None:
    """An id, if there is a good one."""
    try:
        return identity(data, "")
    except NoEventError:
        return None


def customer_of(record: Node) -> str:
    """`user_id` if it is there and not empty, else `anonymous_id` (1)."""
    if record.get("user_id") not in (None, ""):
        return identity(record["user_id"], "user_id")
    return identity(record.get("anonymous_id"), "anonymous_id")


def instant(data: Json) -> int:
    """Milliseconds since 1970, from a whole number or ISO 8601 with a zone, 1990 to 2100."""
    if isinstance(data, str):
        return written_instant(data)
    if isinstance(data, bool) or not isinstance(data, int | float) or data != int(data):
        raise NoEventError("time")
    if not FIRST_TIME <= data < AFTER_LAST_TIME:
        raise NoEventError("time out of range")
    return int(data)


def written_instant(text: str) -> int:
    """ISO 8601 with a zone; fractions of a millisecond are cut off; the year is the written one."""
    match = INSTANT.fullmatch(text)
    if match is None or int(match["year"]) not in YEARS:
        raise NoEventError("time")
    try:
        local = datetime.strptime(match["second"], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise NoEventError("time") from error
    hours, minutes = int(match["hours"] or 0), int(match["minutes"] or 0)
    if hours > 23 or minutes > 59:
        raise NoEventError("time")
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if match["sign"] == "-" else 1)
    whole = (local - offset - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return whole + int((match["fraction"] or "")[:3].ljust(3, "0"))
