"""Slips of the pen that leave a text YAML, but not the one that was meant.

A full-width sign, a blank that is missing after `:` or `-`, a `#` that begins a comment: `slip`
finds them in a value or a key that is wrong, and says what to write.
"""

import re
from typing import Final

from streamer.language import wide
from streamer.language.nodes import MappingNode, Node, ScalarNode

_JOINED: Final = re.compile(r"([a-z_]+:)[^\s/:]")


def slip(node: Node) -> str:
    """Return the hint behind an error about this value or key; empty if there is none."""
    match node:
        case ScalarNode(text="", plain=True):
            line = node.at.source.line_text(node.at.line)
            return ": what follows # is a comment, put it in quotes" if ": #" in line else ""
        case ScalarNode(text=text, plain=plain):
            sign, joined = wide.SIGN.search(text), _JOINED.match(text)
            if sign is not None:
                return f": {wide.instead(sign[0])}"
            return f': a blank is missing after "{joined[1]}"' if plain and joined else ""
        case MappingNode(entries=entries) if entries:
            key = next(iter(entries.values())).key
            if key.plain and key.text.startswith("-"):
                return ': a blank is missing after "-"'
            sign = wide.SIGN.search(key.text)
            return "" if sign is None else f": {wide.instead(sign[0])}"
        case _:
            return ""
