"""The rules that answers are made by, and those that the files hold by now.

A worker goes on by the rules that it has read until an operator has it read them again, so the
files may be ahead of what decides. Answers keep to the rules that decide: those of the files are
taken over once changes come that were decided by them.
"""

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

from streamer.app.inputs import Rules, load_rules
from streamer.errors import StreamerError
from streamer.serve.catalogue import Catalogue

_Signature: TypeAlias = tuple[tuple[str, int, int], ...]


class ChangedDefinition(NamedTuple):
    """A segment that the files have otherwise; `running` or `files` is None where it is not."""

    segment: str
    running: str | None
    files: str | None


@dataclass(frozen=True, slots=True)
class Files:
    """What the files hold: rules, or why they are none."""

    catalogue: Catalogue | None
    error: str | None

    def differences(self, running: Catalogue) -> list[ChangedDefinition]:
        """Return the segments that the files define otherwise than the rules that decide."""
        if self.catalogue is None or self.catalogue.rules.version == running.rules.version:
            return []
        before = {one.key: one.definition for one in running.entries}
        after = {one.key: one.definition for one in self.catalogue.entries}
        return [
            ChangedDefinition(key, before.get(key), after.get(key))
            for key in sorted(before | after)
            if before.get(key) != after.get(key)
        ]


class Rulebook:
    """`catalogue` is that of the rules that answers are made by, `files` what the files hold."""

    def __init__(self, loaded: Rules, paths: Sequence[str]) -> None:
        self.catalogue = Catalogue.of(loaded)
        self.files = Files(self.catalogue, None)
        self._paths = tuple(paths)
        self._lock = threading.Lock()
        self._signature = self._looked_up()

    def look(self, deciding: Collection[str]) -> None:
        """Read files that have changed; `deciding` are the versions of the rules that decide."""
        with self._lock:
            signature = self._looked_up()
            if signature != self._signature:
                self._signature = signature
                try:
                    self.files = Files(Catalogue.of(load_rules(self._paths)), None)
                except StreamerError as error:
                    self.files = Files(None, str(error))
            found = self.files.catalogue
            # titles and purposes decide nothing, so they may be new in the same version
            same = self.catalogue.rules.version
            if found is not None and found.rules.version in {*deciding, same}:
                self.catalogue = found

    def _looked_up(self) -> _Signature:
        """Return the files with when they were written and how long they are."""
        found = []
        for path in map(Path, self._paths):
            for file in [path] if path.is_file() else sorted(path.rglob("*.y*ml")):
                try:
                    status = file.stat()
                except OSError:
                    continue
                found.append((str(file), status.st_mtime_ns, status.st_size))
        return tuple(found)
