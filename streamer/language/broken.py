"""What is meant where a text is no YAML: the library's errors in the words of who wrote the text.

`plainly` takes the library's problem and the lines around it, and says what stands there and what
to write. The place may move to where the mistake is: to the quote that does not end.
"""

import re
from collections.abc import Iterator
from typing import Final

from streamer.language.words import quoted

_KEY: Final = re.compile(r"(?:-[ ]+)*([^\s:#'\"\[\]{},-][^:#'\"\[\]{},]*?):(?=[ ]|$)")
_VALUE: Final = re.compile(r"[ ]*(?:-[ ]+)*(?:[^\s:#'\"][^:#]*:[ ]+)?(['\"\[{])")
_COLON_IN_TEXT: Final = re.compile(r"[ ]*(?:-[ ]+)*[\w.]+:[ ]+[^\s{\['\"&|>].*:(?:[ ]|$)")
_NO_BLANK: Final = re.compile(r"[ ]*(?:-[ ]+)*([\w.]+:)[^\s:/]")
_START: Final = re.compile(r"cannot start any token|expected alphabetic or numeric")
_CLOSING: Final = {
    "'": "an apostrophe ends the text that began with '; write it twice ('') or put the text "
    'in "double quotes"',
    '"': "a \" ends the text that began with one; put the text in 'single quotes', or write \\\" "
    "inside it",
    "[": "the list that began with [ has ended; put a text that begins with [ in quotes",
    "{": "the mapping that began with { has ended; put a text that begins with { in quotes",
}
_OPENING: Final = {
    "'": "the text that begins with ' does not end; put a text with an apostrophe in "
    '"double quotes"',
    '"': 'the text that begins with " does not end',
}

_SAID: Final = (
    (r"'\t'", "a tab where only spaces may indent"),
    ("escape", r"in double quotes \ begins an escape: write \\, or use 'single quotes'"),
    ("hexadecimal", r"in double quotes \ begins an escape: write \\, or use 'single quotes'"),
    (
        "expected a comment or a line break",
        "after | or > the text begins on the next line; put other texts in quotes",
    ),
    ("<document start>", "this line begins further left than the first one: align them"),
)


def plainly(text: str, index: int, problem: str, begun: int | None) -> tuple[int, str]:
    """Return where the mistake is, and what to say of it.

    `index` is where the library stopped, `problem` what it says, `begun` where the collection or
    text began that it was reading.
    """
    for sign, said in _SAID:
        if sign in problem:
            return index, said
    if "stream end" in problem or "end of stream" in problem:
        at = index if begun is None else begun
        return at, _OPENING.get(text[at : at + 1], "what begins here does not end")
    if _START.search(problem) is not None:
        at = index if text[index : index + 1].strip() else index - 1
        return at, f"a text cannot begin with {text[at : at + 1]}: put it in quotes"
    if "could not find expected ':'" in problem:
        return index if begun is None else begun, 'a key without its colon: write "key: value"'
    return index, _structure(text, index, problem)


def _structure(text: str, index: int, problem: str) -> str:
    """Return what to say of keys, items and brackets that are not where they should be."""
    line = _line_at(text, index)
    if "mapping values are not allowed" in problem:
        return _stray_colon(text, index, line)
    if problem.startswith(("expected ',' or", "expected the node content")):
        return _in_brackets(text, index, problem)
    if "found '}'" in problem or "found ']'" in problem:
        return f"{text[index : index + 1]} closes nothing: there is one too many"
    if problem.startswith("expected <block end>"):
        value = _VALUE.match(line)
        if "<scalar>" in problem and value is not None:
            return _CLOSING[value[1]]
        return _misplaced(text, index, line)
    return problem


def _stray_colon(text: str, index: int, line: str) -> str:
    """Return what a `:` means that no key can stand before."""
    if _COLON_IN_TEXT.match(line[: _column(text, index) + 2]) is not None:
        return 'a second ": " in one line: put a text that contains ": " in quotes'
    above = next(_above(text, index), "")
    missing = _NO_BLANK.match(above)
    if missing is not None:
        missed = f'in the line above a blank is missing after "{missing[1]}"'
        return f'a ":" where no key can begin: {missed}'
    if _indent(above) < _indent(line):
        return (
            'a ":" where no key can begin: this line stands deeper than the one above, which has '
            "its value already; align the two, or end the line above with its colon"
        )
    return (
        'a ":" where no key can begin; check the indentation, and put a text that contains ": " '
        "in quotes"
    )


def _in_brackets(text: str, index: int, problem: str) -> str:
    """Return what is missing inside brackets."""
    closing = "]" if "']'" in problem.partition("but got")[0] else "}"
    found = text[index : index + 1]
    if found in {"]", "}"} and found != closing:
        return f"{found} where {closing} closes what was begun"
    if found == ":":
        return f"a , or {closing} is missing before the key in front of this colon"
    return f"a , or {closing} is missing here"


def _misplaced(text: str, index: int, line: str) -> str:
    """Return where a line belongs that is not indented like any line above it."""
    column, item = _indent(line), line.lstrip().startswith("-")
    known: dict[int, str] = {}
    for above in _above(text, index):
        limit = min(known, default=len(text))
        for at, name in _beginnings(above, items=item):
            if at < limit:
                known.setdefault(at, name)
    what = "the item" if item else quoted(_name(line))
    if not known:
        return f"the indentation of {what} fits no line above"
    near = min(known, key=lambda at: (abs(at - column), -at))
    below = "the items above" if item else quoted(known[near])
    if near == column:
        return f"{what} cannot stand here: the list above is not over, or it belongs deeper"
    return (
        f"the indentation of {what} fits no line above: begin it in column {near + 1}, like {below}"
    )


def _beginnings(line: str, *, items: bool) -> Iterator[tuple[int, str]]:
    """Yield the columns, from 0, in which items or keys begin in a line, the deepest first."""
    found = []
    at = _indent(line)
    while line[at : at + 2] == "- ":
        if items:
            found.append((at, "-"))
        at += 1 + _indent(line[at + 1 :])
    if not items and _KEY.match(line, at) is not None:
        found.append((at, _name(line)))
    yield from reversed(found)


def _name(line: str) -> str:
    key = _KEY.match(line.lstrip())
    return line.strip() if key is None else key[1]


def _above(text: str, index: int) -> Iterator[str]:
    """Yield the lines above, the nearest first, without empty ones and comments."""
    for line in reversed(text[: index - _column(text, index)].splitlines()):
        if line.strip() and not line.lstrip().startswith("#"):
            yield line


def _line_at(text: str, index: int) -> str:
    start = index - _column(text, index)
    return text[start:].split("\n", 1)[0].rstrip("\r")


def _column(text: str, index: int) -> int:
    return index - (text.rfind("\n", 0, index) + 1)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
