"""The ids that a text may name, whether or not it is JSON that can be read.

An id stands in a record as text, which may have escapes as JSON writes them, or as a whole number
behind the name of its field. Every text counts: rather too much than an id too few.
"""

import re
from collections.abc import Iterator
from typing import Final

import orjson

_TEXT: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_NUMBER: Final = re.compile(
    r'"(?:user_id|userId|anonymous_id|anonymousId|previousId)"\s*:\s*(-?\d+)(?:\.0+)?(?![\w.])'
)


def ids_named(text: str) -> Iterator[str]:
    """Yield what stands between quotation marks, as it is and as it reads, and ids in numbers."""
    for written in _TEXT.findall(text):
        yield written
        if "\\" in written:
            try:
                yield orjson.loads(f'"{written}"')
            except orjson.JSONDecodeError:
                continue
    yield from _NUMBER.findall(text)
