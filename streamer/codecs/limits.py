"""What makes an event invalid, as numbers and patterns: the one source of checker and schemas.

The patterns are written so that ECMA 262 (with its flag `u`) and Rust read them alike, and Python,
too, where they name no Unicode category; each must match the whole text.
"""

from typing import Final

MAX_BYTES: Final = 1_048_576
"""The longest record, in bytes."""
MAX_DEPTH: Final = 32
"""How many objects and lists may stand inside each other, the outermost included."""
MAX_ID: Final = 256
"""The longest id of an event or a customer, in characters."""
MAX_NAME: Final = 63
"""The longest event name, in characters."""
MAX_CALL_NAME: Final = 256
"""The longest event of a Segment call, in characters, before it becomes a name."""
LEAST_ID: Final = -(1 << 63)
END_ID: Final = 1 << 63
"""The whole numbers that can be ids: those that every parser of JSON reads exactly."""

ID: Final = r"[^\u0000-\u001f\u007f-\u009f]+"
"""An id has no control characters. (Lone surrogates are no Unicode text: the parser refuses.)"""
_SMALL: Final = r"\p{Ll}\p{Lo}\p{Lm}"
NAME: Final = rf"[{_SMALL}][{_SMALL}\p{{M}}\p{{Nd}}_]*"
_WITHIN: Final = r"\p{L}\p{M}\p{Nd}"
CALL_NAME: Final = (
    rf"[^\p{{L}}\p{{Nd}}]*\p{{L}}([{_WITHIN}]|[^{_WITHIN}]+){{0,{MAX_NAME - 1}}}[^{_WITHIN}]*"
)
"""The event of a Segment call: its first letter or digit is a letter, and each run of other
characters counts as one."""

_YEAR: Final = "(199[0-9]|20[0-9][0-9]|2100)"
_LEAP_YEAR: Final = "(199[26]|20([02468][048]|[13579][26]))"
_DAY: Final = (
    f"({_YEAR}-(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
    f"|{_YEAR}-(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    f"|{_YEAR}-02-(0[1-9]|1[0-9]|2[0-8])"
    f"|{_LEAP_YEAR}-02-29)"
)
_HOUR: Final = "([01][0-9]|2[0-3])"
_SIXTY: Final = "[0-5][0-9]"
LOCAL_TIME: Final = rf"{_DAY}([T ]{_HOUR}:{_SIXTY}(:{_SIXTY}(\.[0-9]{{3}})?)?)?"
"""A day that exists, or a time on it, without a zone."""
TIME: Final = rf"{_DAY}[T ]{_HOUR}:{_SIXTY}(:{_SIXTY}(\.[0-9]+)?)?([Zz]|[+-]{_HOUR}(:?{_SIXTY})?)"
"""A time as text: the days that exist from 1990 to 2100, always with a zone."""
