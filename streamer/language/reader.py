"""Rule files to rules as declared: all errors of all files at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from streamer.core.rules.spec import Header, Ladder, Segment
from streamer.errors import Finding, RuleErrors, UsageError
from streamer.language import dates, documents, references
from streamer.language.cases import TestCase
from streamer.language.header import read_header
from streamer.language.models import read_model
from streamer.language.nodes import MappingNode, Node
from streamer.language.nodes import documents as parsed
from streamer.language.reading import Reading
from streamer.language.source import Place, Source

MAX_BYTES: Final = 1_048_576
"""The longest rule file, in bytes."""
SUFFIXES: Final = (".yaml", ".yml")
_INIT: Final = "; `streamer init` copies the shipped rules into a folder"


@dataclass(frozen=True, slots=True)
class Declared:
    """A rule set as its files declare it, in file order.

    `places` says where each segment and ladder is declared, as `file:line:column`; `warnings`
    are findings that do not keep the rules from being used. `sources` holds the files' names.
    """

    header: Header
    declarations: tuple[Segment | Ladder, ...]
    tests: tuple[TestCase, ...]
    places: dict[str, str]
    warnings: tuple[Finding, ...]
    sources: tuple[str, ...]


def read_rules(paths: Iterable[str | Path]) -> Declared:
    """Read rule files, and all `*.yaml` and `*.yml` files under folders, as one rule set.

    Raises `RuleErrors` with every error and warning of every file, `UsageError` for a path that is
    not there or cannot be read, and where there is no rule at all.
    """
    given = [Path(path) for path in paths]
    reading = Reading()
    sources: list[Source] = []
    for order, file in enumerate(_files(given)):
        source = _source(file, order, reading)
        if source is not None:
            sources.append(source)
    return _declared(sources, reading, " ".join(map(str, given)))


def read_rules_text(text: str, name: str = "rules.yaml") -> Declared:
    """Read one text as a rule set. Raises as `read_rules` does."""
    return _declared([Source(name, text)], Reading(), name)


def _files(paths: Sequence[Path]) -> list[Path]:
    found: dict[Path, Path] = {}
    for path in paths:
        if path.is_dir():
            found_here = (one for one in path.rglob("*") if one.suffix in SUFFIXES)
            inside = sorted(one for one in found_here if one.is_file())
            if not inside:
                raise UsageError(f"{path}: no *.yaml and no *.yml file in this folder{_INIT}")
        elif path.exists():
            inside = [path]
        else:
            start = "" if path.suffix in SUFFIXES else _INIT
            raise UsageError(f"{path}: no such file or folder{start}")
        for one in inside:
            found.setdefault(one.resolve(), one)
    return list(found.values())


def _source(file: Path, order: int, reading: Reading) -> Source | None:
    """Return the file's text; None after reporting why it is none."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        reading.report.error(
            Place(Source(str(file), "", order), 0), "a rule file has at most 1 MiB"
        )
        return None
    try:
        return Source(str(file), data.decode("utf-8-sig"), order)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        source = Source(str(file), before, order)
        reading.report.error(Place(source, len(before)), "not UTF-8: save the file as UTF-8")
        return None


def _declared(sources: Sequence[Source], reading: Reading, given: str) -> Declared:
    roots = [root for source in sources for root in parsed(source, reading.report)]
    kinds = [(root, reading.attempt(documents.kind_of, root)) for root in roots]
    _read_headers([root for root, kind in kinds if kind == "ruleset"], reading)
    for root, kind in kinds:
        if kind == "model":
            reading.attempt(read_model, root)
    declarations = [
        declaration
        for root, kind in kinds
        if kind in ("segment", "ladder")
        and (declaration := documents.read_declaration(root, kind, reading)) is not None
    ]
    known = references.unique(declarations, reading)
    references.check(known, reading)
    dates.warn(reading)
    if reading.report.has_errors():
        raise RuleErrors(reading.report.findings())
    if not declarations:
        raise UsageError(f"{given}: no segment and no ladder there")
    return Declared(
        reading.header,
        tuple(one.declared for one in declarations if one.declared is not None),
        tuple(test for one in declarations for test in one.tests),
        {one.key: str(one.at) for one in declarations},
        tuple(reading.report.warnings()),
        tuple(source.name for source in sources),
    )


def _read_headers(roots: Sequence[Node], reading: Reading) -> None:
    """Read the header, which all other documents need to be known before them."""
    for nth, root in enumerate(roots):
        header = reading.attempt(read_header, root)
        if nth > 0 and isinstance(root, MappingNode):
            place = root.entries["ruleset"].key.at
            message = f"a rule set has one header: the first is at {roots[0].at}"
            reading.report.error(place, message)
        elif header is not None:
            reading.header = header
