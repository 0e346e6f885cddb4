"""The floors hold: a module imports only from floors below its own, or from its own part.

A part is a row of the table below: a module, or a package with all that lives in it; the modules
of floor 0 are one part. Within a part, modules may import each other, but not in a circle. Imports
for typing and imports inside functions count like all others.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FLOORS = {
    "streamer": 0,
    "streamer.errors": 0,
    "streamer.hashes": 0,
    "streamer.instants": 0,
    "streamer.types": 0,
    "streamer.core": 1,
    "streamer.simulation": 2,
    "streamer.codecs": 2,
    "streamer.language": 3,
    "streamer.mapping": 4,
    "streamer.codecs.schemas": 5,
    "streamer.ports": 3,
    "streamer.adapters": 5,
    "streamer.worker": 6,
    "streamer.app": 7,
    "streamer.webhooks": 8,
    "streamer.react": 8,
    "streamer.analysis": 8,
    "streamer.app.demo": 9,
    "streamer.serve": 9,
    "streamer.cli": 10,
    "streamer.client": 10,
    "streamer.__main__": 11,
}

PURE_FLOORS = {0, 1}
PURE_LIBRARY = {
    "__future__",
    "abc",
    "array",
    "bisect",
    "calendar",
    "collections",
    "copy",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "heapq",
    "itertools",
    "json",
    "math",
    "numbers",
    "operator",
    "re",
    "string",
    "struct",
    "types",
    "typing",
    "unicodedata",
    "zoneinfo",
}
"""What of the standard library neither reads, waits, logs, draws lots nor looks at a clock."""
PURE_OTHERS = {"librt", "mypy_extensions"}
"""The same of other packages: what compiled code writes bytes and machine integers with."""

IMPURE_CALLS = {
    "date.today",
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "input",
    "open",
    "print",
}


def modules() -> dict[str, Path]:
    """Return every module of the package by its dotted name."""
    found = {}
    for path in sorted((ROOT / "streamer").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def part_of(module: str) -> str | None:
    """Return the row of the table that holds the module: the longest that fits."""
    names = module.split(".")
    rows = (".".join(names[:length]) for length in range(len(names), 1, -1))
    return next((row for row in rows if row in FLOORS), module if module in FLOORS else None)


def imports(source: str, module: str, known: Mapping[str, object]) -> Iterator[tuple[int, str]]:
    """Yield line and full name of everything that the source of `module` imports.

    `from package import name` yields `package.name` where that is a module, else `package`.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: imports are written in full"
            assert node.module is not None
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield node.lineno, full if full in known else node.module


def broken_floors(sources: Mapping[str, str]) -> list[str]:
    """Return one sentence for each import that the floors forbid."""
    found = []
    for module, source in sources.items():
        part = part_of(module)
        if part is None:
            found.append(f"{module}: stands on no floor; give it a row in the table")
            continue
        for line, target in imports(source, module, sources):
            if target.split(".")[0] == "streamer":
                other = part_of(target)
                allowed = other is not None and (
                    other == part or FLOORS[other] < FLOORS[part] or FLOORS[other] == 0
                )
            elif FLOORS[part] in PURE_FLOORS:
                allowed = target.split(".")[0] in PURE_LIBRARY | PURE_OTHERS
            else:
                allowed = True
            if not allowed:
                found.append(f"{module}:{line}: floor {FLOORS[part]} must not import {target}")
    return found


def impure_calls(module: str, source: str) -> list[str]:
    """Return one sentence for each call that needs a clock, a file or a terminal."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = ".".join(ast.unparse(node.func).split(".")[-2:])
            if name in IMPURE_CALLS:
                found.append(f"{module}:{node.lineno}: calls {name}")
    return found


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    return {name: path.read_text(encoding="utf-8") for name, path in modules().items()}


def test_a_module_imports_only_from_floors_below_its_own(sources: dict[str, str]) -> None:
    assert "\n".join(broken_floors(sources)) == ""


def test_imports_form_no_circle(sources: dict[str, str]) -> None:
    graph = {
        module: {target for _, target in imports(source, module, sources) if target in sources}
        for module, source in sources.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(error.args[1]))


def test_values_and_core_ask_nothing_of_the_world(sources: dict[str, str]) -> None:
    pure = {
        module: source
        for module, source in sources.items()
        if (part := part_of(module)) is not None and FLOORS[part] in PURE_FLOORS
    }
    assert [call for module, source in pure.items() for call in impure_calls(module, source)] == []


def test_the_pure_part_of_the_library_is_part_of_the_library() -> None:
    assert sys.stdlib_module_names >= PURE_LIBRARY


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("streamer.core.engine.decide", "import streamer.codecs.events"),
        ("streamer.core.engine.decide", "from streamer.codecs import events"),
        ("streamer.core.engine.decide", "def f():\n    from streamer.worker import run"),
        ("streamer.core.engine.decide", "if TYPE_CHECKING:\n    from streamer.ports import Log"),
        ("streamer.core.engine.decide", "import time"),
        ("streamer.core.engine.decide", "import orjson"),
        ("streamer.types", "import streamer.core"),
        ("streamer.codecs.events", "import streamer.extra"),
        ("streamer.extra", ""),
    ],
)
def test_a_forbidden_import_is_found(module: str, line: str) -> None:
    assert len(broken_floors({module: line})) == 1


@pytest.mark.parametrize(
    "call", ["datetime.now(UTC)", "datetime.date.today()", "open('x')", "f(print(1))"]
)
def test_a_call_to_the_world_is_found(call: str) -> None:
    assert len(impure_calls("streamer.core.engine.decide", call)) == 1
