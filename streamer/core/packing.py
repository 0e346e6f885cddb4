"""Plain values as few bytes: what profiles and layouts are stored in.

Lists, whole numbers of any size, texts, bytes, doubles, false, true and None. Every value begins
with a *head*, a number in groups of seven bits, the lowest first, each byte but the last with its
high bit set:

    head                 value
    4 n                  n, not negative
    4 n - 2              -n
    8 length + 1         a text of so many bytes in UTF-8
    8 length + 3         a list of so many values
    8 length + 5         so many bytes
    7                    None
    15                   a double of eight bytes, big-endian
    23, 31               false, true

So an instant that is a day away takes five bytes, one that is half an hour away four. A number has
one encoding only, so equal values are equal bytes.
"""

from struct import pack, unpack
from typing import Any, Final, final

from streamer.errors import AdapterError

_NONE: Final = 7
_DOUBLE: Final = 15
_FALSE: Final = 23
_TRUE: Final = 31
_SURROGATES: Final = "surrogatepass"
_GOES_ON: Final = 0x80
_LOW: Final = 0x7F
_PAIR: Final = 0x3FFF
"""The largest number of two groups."""
_LAST: Final = [
    bytes([number] if number <= _LOW else [number & _LOW | _GOES_ON, number >> 7])
    for number in range(_PAIR + 1)
]
"""The bytes of each number of up to two groups."""
_MORE: Final = [
    bytes([number & _LOW | _GOES_ON, number >> 7 | _GOES_ON]) for number in range(_PAIR + 1)
]
"""The same where a number goes on."""
_TEXT: Final = 1
_LIST: Final = 3
_BYTES: Final = 5
"""The lowest three bits of the heads of what has a length."""


def packed(value: Any) -> bytes:  # noqa: ANN401 (any plain value)
    """Return a value as bytes."""
    out: list[bytes] = []
    put(out, value)
    return b"".join(out)


def put(out: list[bytes], value: Any) -> None:  # noqa: ANN401 (any plain value)
    """Append the bytes of a value."""
    if type(value) is int:
        put_number(out, value)
    elif isinstance(value, str):
        put_text(out, value)
    elif isinstance(value, list | tuple):
        put_list(out, len(value))
        for one in value:
            put(out, one)
    elif isinstance(value, bytes):
        put_head(out, 8 * len(value) + _BYTES)
        out.append(value)
    elif value is None:
        put_head(out, _NONE)
    elif isinstance(value, bool):
        put_head(out, _TRUE if value else _FALSE)
    elif isinstance(value, float):
        put_head(out, _DOUBLE)
        out.append(pack(">d", value))
    else:
        raise TypeError(f"{type(value).__name__} cannot be packed")


def put_list(out: list[bytes], length: int) -> None:
    """Append the head of a list of so many values, which follow."""
    put_head(out, 8 * length + _LIST)


def put_text(out: list[bytes], text: str) -> None:
    """Append the bytes of a text."""
    raw = text.encode("utf-8", _SURROGATES)
    put_head(out, 8 * len(raw) + _TEXT)
    out.append(raw)


def put_number(out: list[bytes], number: int) -> None:
    """Append the bytes of a whole number."""
    put_head(out, 4 * number if number >= 0 else -4 * number - 2)


def put_head(out: list[bytes], head: int) -> None:
    """Append the bytes of a head, or of any number that is not negative."""
    while head > _PAIR:
        out.append(_MORE[head & _PAIR])
        head >>= 14
    out.append(_LAST[head])


@final
class Unpacker:
    """Reads values one after another; raises `AdapterError` where the bytes do not go on so."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def ended(self) -> bool:
        """Say whether nothing is left."""
        return self._at >= len(self._data)

    def value(self) -> Any:  # noqa: ANN401 (any plain value)
        """Return the next value."""
        head = self.head()
        if not head & 1:
            return head >> 2 if not head & 2 else -((head + 2) >> 2)
        kind = head & 7
        if kind == _TEXT:
            return self.raw(head >> 3).decode("utf-8", _SURROGATES)
        if kind == _LIST:
            return [self.value() for _ in range(head >> 3)]
        if kind == _BYTES:
            return self.raw(head >> 3)
        if head == _NONE:
            return None
        if head in {_FALSE, _TRUE}:
            return head == _TRUE
        if head == _DOUBLE:
            return unpack(">d", self.raw(8))[0]
        raise AdapterError(f"no value begins with {head}")

    def number(self) -> int:
        """Return the next value, which is a whole number."""
        head = self.head()
        if head & 1:
            raise AdapterError("a whole number was expected")
        return head >> 2 if not head & 2 else -((head + 2) >> 2)

    def head(self) -> int:
        """Return the next head, or any number that `put_head` wrote."""
        data, at = self._data, self._at
        if at >= len(data):
            raise AdapterError("it ends too early")
        byte = data[at]
        at += 1
        head = byte & _LOW
        shift = 7
        while byte & _GOES_ON:
            if at >= len(data):
                raise AdapterError("it ends too early")
            byte = data[at]
            at += 1
            head |= (byte & _LOW) << shift
            shift += 7
        self._at = at
        return head

    def raw(self, length: int) -> bytes:
        """Return so many bytes as they are."""
        end = self._at + length
        if end > len(self._data):
            raise AdapterError("it ends too early")
        found = self._data[self._at : end]
        self._at = end
        return found


def unpacked(data: bytes) -> Any:  # noqa: ANN401 (any plain value)
    """Return the value that was packed."""
    return Unpacker(data).value()
