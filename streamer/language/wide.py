"""Full-width signs of East Asian keyboards, where the language has those of ASCII."""

import re
from typing import Final

SIGN: Final = re.compile("[\uff01-\uff5e\u3000]")
"""For each there is one of ASCII, 0xFEE0 below; for U+3000 a blank."""

_IN_PLACE: Final = re.compile(
    "(?:^|[{,])[ ]*(?:-[ ]+)*[A-Za-z_][\\w.]*[ ]*(\uff1a)"
    "|^[ ]*(\uff0d)[ ]"
    "|[:\uff1a][ ]*([\uff5b\uff3b])"
    "|(\uff0c)[ ]*\\w+[:\uff1a]"
)
"""Where YAML has a sign of its own: behind a key, before an item, around and inside a mapping."""
_LINE: Final = re.compile(r"[^\r\n]+")


def narrow(text: str) -> str:
    """Return the text with its full-width signs as those of ASCII."""
    return SIGN.sub(_of_ascii, text)


def instead(sign: str) -> str:
    """Return the hint about a full-width sign."""
    if sign == "\u3000":
        return "the full-width blank (U+3000) is no blank, write a plain one"
    return f"the full-width {sign} is not {narrow(sign)}, write it plain"


def misplaced(text: str, start: int, stop: int) -> list[tuple[int, str]]:
    """Return place and message of full-width signs where YAML has its own, one for each line."""
    found = []
    for line in _LINE.finditer(text, start, stop):
        sign = _IN_PLACE.search(line[0])
        if sign is not None and sign.lastindex is not None:
            found.append((line.start() + sign.start(sign.lastindex), instead(sign[sign.lastindex])))
    return found


def _of_ascii(sign: re.Match[str]) -> str:
    return " " if sign[0] == "\u3000" else chr(ord(sign[0]) - 0xFEE0)
