"""HTML from texts, safely: what is not made here is escaped."""

import re
from html import escape


class Html(str):
    """A text that is HTML already."""

    __slots__ = ()


def tag(name: str, *inside: str, **attributes: str | None) -> Html:
    """Return an element. Texts inside are escaped unless they are `Html`.

    An attribute's `_` is written as `-`, and a last one is dropped; None leaves the attribute out.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{written}>{joined(*inside)}</{name}>")


def joined(*parts: str) -> Html:
    """Return the parts one after the other, those escaped that are no `Html`."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts))


def code(name: str) -> Html:
    """Return a name of the rules; a line may break after its dots and underscores."""
    return tag("code", Html(re.sub("([._])", r"\1<wbr>", escape(name))))
