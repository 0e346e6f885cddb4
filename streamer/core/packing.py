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

What is written goes byte by byte into a `BytesWriter`, which compiled code fills without a call.
"""

from struct import pack, unpack
from typing import Any, Final, final

from librt.strings import BytesWriter
from mypy_extensions import i64, mypyc_attr

from streamer.errors import AdapterError

_NONE: Final = 7
_DOUBLE: Final = 15
_FALSE: Final = 23
_TRUE: Final = 31
_SURROGATES: Final = "surrogatepass"
_GOES_ON: Final = 0x80
_LOW: Final = 0x7F
_TEXT: Final = 1
_LIST: Final = 3
_BYTES: Final = 5
"""The lowest three bits of the heads of what has a length."""
_IN_A_WORD: Final = 56
"""A head of so many bits is put together in a machine word."""


def packed(value: Any) -> bytes:  # noqa: ANN401 (any plain value)
    """Return a value as bytes."""
    out = BytesWriter()
    put(out, value)
    return out.getvalue()


def put(out: BytesWriter, value: Any) -> None:  # noqa: ANN401 (any plain value)
    """Append the bytes of a value."""
    if type(value) is int:
        put_number(out, value)
    elif isinstance(value, str):
        put_text(out, value)
    elif isinstance(value, list) or isinstance(value, tuple):  # noqa: SIM101 (a union is made anew)
        put_list(out, len(value))
        for one in value:
            put(out, one)
    elif isinstance(value, bytes):
        put_head(out, 8 * len(value) + _BYTES)
        out.write(value)
    elif value is None:
        put_head(out, _NONE)
    elif isinstance(value, bool):
        put_head(out, _TRUE if value else _FALSE)
    elif isinstance(value, float):
        put_head(out, _DOUBLE)
        out.write(pack(">d", value))
    else:
        raise TypeError(f"{type(value).__name__} cannot be packed")


def put_list(out: BytesWriter, length: int) -> None:
    """Append the head of a list of so many values, which follow."""
    put_head(out, 8 * length + _LIST)


def put_none(out: BytesWriter) -> None:
    """Append the byte of None."""
    put_head(out, _NONE)


def put_text(out: BytesWriter, text: str) -> None:
    """Append the bytes of a text."""
    raw = text.encode() if text.isascii() else text.encode("utf-8", _SURROGATES)
    put_head(out, 8 * len(raw) + _TEXT)
    out.write(raw)


def put_number(out: BytesWriter, number: int) -> None:
    """Append the bytes of a whole number."""
    put_head(out, 4 * number if number >= 0 else -4 * number - 2)


def put_head(out: BytesWriter, head: int) -> None:
    """Append the bytes of a head, or of any number that is not negative."""
    while head > _LOW:
        out.append(head & _LOW | _GOES_ON)
        head >>= 7
    out.append(head)


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Unpacker:
    """Reads values one after another; raises `AdapterError` where the bytes do not go on so."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at: i64 = 0
        self._end: i64 = len(data)

    @property
    def ended(self) -> bool:
        """Say whether nothing is left."""
        return self._at >= self._end

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

    def enter_list(self) -> int:
        """Return how many values the next value has, which is a list; they come next."""
        head = self.head()
        if head & 7 != _LIST:
            raise AdapterError("a list was expected")
        return head >> 3

    def none(self) -> bool:
        """Say whether the next value is None, and go past it if so."""
        at = self._at
        if at < self._end and self._data[at] == _NONE:
            self._at = at + 1
            return True
        return False

    def is_list(self) -> bool:
        """Say whether the next value is a list."""
        at = self._at
        return at < self._end and self._data[at] & 7 == _LIST

    def head(self) -> int:
        """Return the next head, or any number that `put_head` wrote."""
        data = self._data
        at, end = self._at, self._end
        word: i64 = 0
        shift: i64 = 0
        while at < end and shift < _IN_A_WORD:
            byte: i64 = data[at]
            at += 1
            if byte < _GOES_ON:
                self._at = at
                return word | byte << shift
            word |= (byte & _LOW) << shift
            shift += 7
        return self._long_head(word)

    def _long_head(self, head: int) -> int:
        """Return a head of more than a word, of which `head` are the lowest bits."""
        shift = _IN_A_WORD
        self._at += _IN_A_WORD // 7
        while True:
            byte = self._byte()
            head |= (byte & _LOW) << shift
            shift += 7
            if byte < _GOES_ON:
                return head

    def _byte(self) -> int:
        """Return the next byte."""
        if self._at >= self._end:
            raise AdapterError("it ends too early")
        byte = self._data[self._at]
        self._at += 1
        return byte

    def raw(self, length: int) -> bytes:
        """Return so many bytes as they are."""
        left: int = self._end - self._at
        if length > left:
            raise AdapterError("it ends too early")
        at = self._at
        self._at += length
        return self._data[at : self._at]


def unpacked(data: bytes) -> Any:  # noqa: ANN401 (any plain value)
    """Return the value that was packed."""
    return Unpacker(data).value()
