"""What is stored is kept: golden files of every format are read, and written byte for byte."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field, fields, make_dataclass, replace
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import pytest

import streamer.core.leaves
import streamer.core.rules
import streamer.core.state
from streamer.adapters.kafka.marks import decode_mark
from streamer.adapters.outbox import decode_entry
from streamer.analysis.program import FORMAT, program, program_json
from streamer.codecs.controls import ControlCodec
from streamer.codecs.profiles import ProfileCodec, alias_of
from streamer.core.leaves.performed import Performed
from streamer.core.rules.identity import canonical
from streamer.core.rules.spec import Comparison, Header, Scope, Settings
from streamer.core.state.cell import Cell
from streamer.core.state.seen import SeenAmounts
from streamer.types import Record
from tests.golden.formats import (
    CUSTOMER,
    ENTRY,
    FOLDER,
    KEY,
    MARK,
    START,
    control_json,
    document,
    files,
    links,
    messages,
    programs,
    rules,
    says,
)

PACKAGES = (streamer.core.rules, streamer.core.leaves, streamer.core.state)
KEPT = """\
{name}: {what}.
A stored format is kept, because customers have profiles in it. If that was not meant, undo it. If
it was: raise the format's version, read the version before as well, write the file of the new
version with `python -m tests.golden.formats`, leave the old file as it is, and say in CHANGELOG.md
under "Stored state" what an operator has to do."""
OF_PROGRAMS = """\
{name}: this version compiles the rules to something else.
Under another version every customer is decided again, and under another cell key begins without
history. If that was not meant, undo it. A new leaf stands in a rule set of its own, such as
rules-NAME.yaml, so that those that are there stay as they are. If only what people read has changed
(a label, max_bytes), write the file with `python -m tests.golden.formats`."""


def test_what_is_written_now_is_what_the_golden_files_hold() -> None:
    for name, content in files().items():
        file = FOLDER / name
        same = file.exists() and file.read_bytes() == content
        said = OF_PROGRAMS if name.startswith("program") else KEPT
        assert same, said.format(name=name, what="this version writes something else")


def golden(kind: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """All versions of one kind of file."""
    found = sorted(FOLDER.glob(f"{kind}-*.json"))
    assert found
    for file in found:
        yield file, json.loads(file.read_text(encoding="utf-8"))


def test_every_version_of_a_stored_profile_is_read() -> None:
    compiled = rules().compiled
    for file, facts in golden("profile"):
        layouts = {bytes.fromhex(facts["layout_id"]): bytes.fromhex(facts["layout"])}
        stored = ProfileCodec(compiled, layouts).read(CUSTOMER, bytes.fromhex(facts["profile"]))
        found = json.loads(document(says(compiled, stored.profile)))
        assert found == facts["says"], KEPT.format(name=file.name, what="it reads otherwise")


def test_every_version_of_a_stored_alias_is_read() -> None:
    for file, facts in golden("alias"):
        last, found = alias_of(bytes.fromhex(facts["alias"]))
        said = KEPT.format(name=file.name, what="it reads otherwise")
        assert (last, found.packed(last)) == (START, links(CUSTOMER).packed(START)), said


def test_every_version_of_an_outbox_entry_is_read() -> None:
    for file, facts in golden("outbox"):
        found = decode_entry(bytes.fromhex(facts["entry"]))
        without = {"outbox-2.json": replace(ENTRY, controls=())}
        assert found == without.get(file.name, ENTRY), KEPT.format(
            name=file.name, what="it reads otherwise"
        )


def test_every_version_of_a_control_record_is_read() -> None:
    codec = ControlCodec(rules().compiled, KEY)
    for file, facts in golden("control"):
        for kind, sent in facts.items():
            headers = tuple((name, text.encode()) for name, text in sent["headers"].items())
            value, key = bytes.fromhex(sent["value"]), sent["key"].encode()
            read = codec.decode(Record(0, 0, value, START, key, headers))
            again = control_json(codec.encode(read))
            said = KEPT.format(name=f"{file.name}, {kind}", what="it reads otherwise")
            assert type(read) is type(messages()[kind]), said
            assert again == control_json(codec.encode(messages()[kind])), said


def test_every_version_of_the_published_mark_is_read() -> None:
    for file, facts in golden("mark"):
        found = decode_mark(MARK.offset, facts["metadata"])
        assert found == MARK, KEPT.format(name=file.name, what="it reads otherwise")


def classes_of(package: ModuleType) -> Iterator[type]:
    """The classes that the modules of a package define."""
    for module in iter_modules(package.__path__):
        name = f"{package.__name__}.{module.name}"
        for one in vars(import_module(name)).values():
            if isinstance(one, type) and one.__module__ == name:
                yield one


def test_the_golden_rules_use_every_leaf_and_every_kind_of_cell() -> None:
    found = [(program(each)["leaves"], each.compiled.cells) for each in programs().values()]
    asked = {leaf["asks"]["type"] for leaves, _ in found for leaf in leaves}
    declared = {
        one.spec_kind(one)
        for one in classes_of(streamer.core.leaves)
        if hasattr(one, "spec_kind") and hasattr(one, "bind")
    }
    assert asked == declared
    used = {type(cell) for _, cells in found for cell in cells}
    used |= {type(cell.inner) for _, cells in found for cell in cells if hasattr(cell, "inner")}
    kinds = {one for one in classes_of(streamer.core.state) if issubclass(one, Cell)}
    kinds.discard(SeenAmounts)  # only looked at, never stored
    assert used == {one for one in kinds if not one.__subclasses__()}


@contextmanager
def renamed(classes: Sequence[type]) -> Iterator[None]:
    """Give classes other names for a while."""
    names = [(one, one.__name__, one.__qualname__, one.__module__) for one in classes]
    for number, one in enumerate(classes):
        one.__name__ = one.__qualname__ = f"Renamed{number}"
        one.__module__ = "renamed"
    try:
        yield
    finally:
        for one, name, qualified, module in names:
            one.__name__, one.__qualname__, one.__module__ = name, qualified, module


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_renaming_every_class_changes_no_key_and_no_version(package: ModuleType) -> None:
    classes = list(classes_of(package))
    assert len(classes) > 10
    with renamed(classes):
        assert "Renamed" in repr(Scope(())) or package is not streamer.core.rules
        assert program_json(rules()) == (FOLDER / f"program-{FORMAT}.json").read_bytes()


def test_a_new_field_at_its_default_changes_no_key_and_no_version() -> None:
    said: dict[str, Any] = {
        "comparison": Comparison("is", 1),
        "scope": Scope(("product_viewed",), within=5),
        "settings": Settings(min_dwell=5),
        "performed": Performed(Scope(()), at_least=2),
        "header": Header(zone="Europe/Berlin"),
    }
    for kind, one in said.items():
        added = [("added", int, field(default=0))]
        wider = make_dataclass("Wider", added, bases=(type(one),), frozen=True)
        kept = {each.name: getattr(one, each.name) for each in fields(one)}
        assert canonical(wider(**kept)) == canonical(one)
        assert canonical(wider(**kept, added=1)) == {**canonical(one), "added": 1}
        assert canonical(one)["type"] == kind
