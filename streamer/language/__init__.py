"""The rule language: YAML text to rules as declared, every error with its place.

    read_rules, read_rules_text   files or text to `Declared`: header, segments, ladders, tests
    render                        an error or warning as a person reads it, with line and caret

Read in this order: `source` and `nodes` (text with places), `scalars`, `kinds` and `fields` (what
may stand where), `comparisons`, `leaves` and `table` (every condition of the language, the one
source of the reader, the JSON Schema and the reference), `conditions`, `documents` and `cases` (the
parts of a file), `references` (what they say of each other), `reader` (all of it together).
"""

from streamer.language.cases import Expected, TestCase
from streamer.language.models import Model
from streamer.language.reader import Declared, read_rules, read_rules_text
from streamer.language.source import render
from streamer.language.tiers import NO_TIER

__all__ = [
    "NO_TIER",
    "Declared",
    "Expected",
    "Model",
    "TestCase",
    "read_rules",
    "read_rules_text",
    "render",
]
