"""YAML text to nodes with places: the only module that knows the YAML library.

Guarantees: nothing but a `FindingReport` entry comes of bad text; no alias, tag, repeated key,
directive or collection more than `MAX_DEPTH` deep gets through; a text that breaks off in the
middle gives what stands before the break, so that its other errors are found too. Work and memory
grow with the length of the text. Keys and values keep their text as written, so decimals stay
exact.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.scanner import Scanner

from streamer.language import wide
from streamer.language.broken import plainly
from streamer.language.source import FindingReport, Place, Source
from streamer.language.words import quoted

MAX_DEPTH: Final = 32
"""How many lists and mappings may stand inside each other, the outermost included."""

_LOOK_AHEAD: Final = 2 * MAX_DEPTH
"""So many brackets may be scanned before the first of them is a node whose depth is known."""
_MARKER: Final = re.compile(r"(---|\.\.\.)(?=[ \t\r\n]|\Z)")
_UNPRINTABLE: Final = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_TOO_DEEP: Final = f"nested deeper than {MAX_DEPTH} levels"


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A single value as written; `plain` if it stands without quotes."""

    at: Place
    text: str
    plain: bool


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list; `whole` unless the text broke off inside it."""

    at: Place
    items: "tuple[Node, ...]"
    whole: bool


@dataclass(frozen=True, slots=True)
class MappingNode:
    """A mapping without repeated keys; `whole` unless the text broke off inside it."""

    at: Place
    entries: "dict[str, Entry]"
    whole: bool


@dataclass(frozen=True, slots=True)
class LostNode:
    """What could not be read; the reason is in the report already."""

    at: Place


Node: TypeAlias = ScalarNode | ListNode | MappingNode | LostNode


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a mapping, with its place, and the key's value."""

    key: ScalarNode
    value: Node


def documents(source: Source, report: FindingReport) -> list[Node]:
    """Return the roots of all documents of the text that are not empty."""
    bad = _UNPRINTABLE.search(source.text)
    if bad is not None:
        message = f"the character U+{ord(bad[0]):04X} may not stand in a rule file"
        report.error(Place(source, bad.start()), message)
        return []
    found = (_document(source, start, stop, report) for start, stop in _parts(source, report))
    return [root for root in found if root is not None]


def _parts(source: Source, report: FindingReport) -> Iterator[tuple[int, int]]:
    """Yield start and end of each document, so that one that is broken hides no other.

    `---` and `...` at the beginning of a line end a document wherever they stand.
    """
    begin = at = 0
    content = False
    for line in source.text.splitlines(keepends=True):
        marker = _MARKER.match(line)
        if marker is not None:
            if content:
                yield begin, at
            closing = marker[1] == "..."
            begin = at + len(line) if closing else at
            content = not closing and bool(_bare(line[3:]))
        elif not content and line.startswith("%"):
            if line.split() != ["%YAML", "1.2"]:
                report.error(Place(source, at), "rule files are YAML 1.2 and use no directives")
            begin = at + len(line)
        else:
            content = content or bool(_bare(line))
        at += len(line)
    if content:
        yield begin, at


def _bare(line: str) -> str:
    text = line.strip()
    return "" if text.startswith("#") else text


def _document(source: Source, start: int, stop: int, report: FindingReport) -> Node | None:
    growing = _Growing(source, start, report)
    try:
        for event in _events(source.text[start:stop]):
            growing.take(event)
    except _Broken as broken:
        signs = wide.misplaced(source.text, start, stop)
        for at, message in signs:
            report.error(Place(source, at), message)
        if signs:  # what follows from them would only hide them
            return None
        at = start + broken.index
        report.error(Place(source, at), broken.message)
        if source.text.startswith(":", at):
            growing.spoil()
    return growing.root()


class _Broken(Exception):
    """The text cannot be read on from here."""

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index = index
        self.message = message


class _BoundedScanner(Scanner):
    """Stops at brackets that are nested too deep, before the look-ahead grows with them."""

    def fetch_flow_collection_start(self, TokenClass: Any, to_push: str) -> None:  # noqa: ANN401, N803 (the library's signature)
        if len(self.flow_context) >= _LOOK_AHEAD:
            raise _Broken(self.reader.get_mark().index, _TOO_DEEP)
        super().fetch_flow_collection_start(TokenClass, to_push)


def _events(text: str) -> Iterator[Event]:
    """Yield the library's events; raise nothing but `_Broken`."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner = _BoundedScanner
    seen = 0
    try:
        for event in yaml.parse(text):
            seen = event.end_mark.index
            yield event
    except MarkedYAMLError as error:
        problem = " ".join(str(error.problem or error.context).split())
        mark, context = error.problem_mark or error.context_mark, error.context_mark
        begun = None if context is None else context.index
        index, said = plainly(text, seen if mark is None else mark.index, problem, begun)
        raise _Broken(index, f"not YAML: {said}") from error
    except (YAMLError, ValueError, OverflowError) as error:
        raise _Broken(seen, "not YAML: an escape that stands for no character") from error


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet; `key` waits for its value."""

    at: Place
    is_list: bool
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    key: ScalarNode | LostNode | None = None


class _Growing:
    """Builds one document from events, without recursion."""

    def __init__(self, source: Source, start: int, report: FindingReport) -> None:
        self._source = source
        self._start = start
        self._report = report
        self._open: list[_Open] = []
        self._root: Node | None = None

    def take(self, event: Event) -> None:
        """Take the next event."""
        match event:
            case ScalarEvent():
                self._add(self._scalar(event))
            case SequenceStartEvent() | MappingStartEvent():
                at = self._opened(event)
                if len(self._open) >= MAX_DEPTH:
                    raise _Broken(event.start_mark.index, _TOO_DEEP)
                self._open.append(_Open(at, isinstance(event, SequenceStartEvent)))
            case SequenceEndEvent() | MappingEndEvent():
                self._close(whole=True)
            case AliasEvent():
                at = self._place(event)
                alias = quoted(f"*{event.anchor}")
                message = f"aliases are not used in rule files: write out what {alias} means"
                self._report.error(at, message)
                self._add(LostNode(at))

    def spoil(self) -> None:
        """Lose the latest value: the key that the text broke off behind was read into it."""
        into = self._open[-1] if self._open else None
        if into is None:
            self._root = None if self._root is None else LostNode(self._root.at)
        elif into.is_list and into.items:
            into.items[-1] = LostNode(into.items[-1].at)
        elif into.key is None and into.entries:
            key, entry = into.entries.popitem()
            into.entries[key] = Entry(entry.key, LostNode(entry.value.at))

    def root(self) -> Node | None:
        """Return the document as far as it was read."""
        while self._open:
            self._close(whole=False)
        return self._root

    def _place(self, event: Event) -> Place:
        return Place(self._source, self._start + event.start_mark.index)

    def _opened(self, event: Any) -> Place:  # noqa: ANN401 (the library's events share no type with a tag)
        at = self._place(event)
        if event.tag is not None:
            tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
            self._report.error(at, f"tags are not used in rule files: remove {tag}")
        return at

    def _scalar(self, event: ScalarEvent) -> Node:
        at = self._opened(event)
        text: str = event.value
        surrogate = next((one for one in text if "\ud800" <= one <= "\udfff"), None)
        if surrogate is not None:
            self._report.error(at, f"U+{ord(surrogate):04X} stands for no character")
            return LostNode(at)
        return ScalarNode(at, text, plain=event.style is None)

    def _close(self, *, whole: bool) -> None:
        done = self._open.pop()
        if done.is_list:
            self._add(ListNode(done.at, tuple(done.items), whole))
        else:
            self._add(MappingNode(done.at, done.entries, whole))

    def _add(self, node: Node) -> None:
        if not self._open:
            self._root = node
            return
        into = self._open[-1]
        if into.is_list:
            into.items.append(node)
        elif into.key is None:
            into.key = self._key(node, into)
        else:
            if isinstance(into.key, ScalarNode):
                if isinstance(node, ScalarNode) and node.plain and not node.text:
                    node = ScalarNode(into.key.at, "", plain=True)  # the library puts it far below
                into.entries[into.key.text] = Entry(into.key, node)
            into.key = None

    def _key(self, node: Node, into: _Open) -> ScalarNode | LostNode:
        if not isinstance(node, ScalarNode):
            if not isinstance(node, LostNode):
                self._report.error(node.at, "a key must be a single word, not a list or mapping")
            return LostNode(node.at)
        if node.text in into.entries:
            first = into.entries[node.text].key.at.line
            message = f"duplicate key {quoted(node.text)}: it stands on line {first} already"
            self._report.error(node.at, message)
            return LostNode(node.at)
        return node
