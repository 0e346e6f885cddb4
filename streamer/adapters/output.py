"""One output of JSON lines that appears under its name whole or not at all.

It is written to a hidden file in the same folder, which takes the name at the end. A process that
is killed leaves the hidden file behind, never half an output. Standard output, devices and pipes
cannot be replaced: they are written directly.
"""

import errno
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path
from secrets import token_hex
from stat import S_IMODE, S_ISREG
from typing import IO, Final

from streamer.errors import AdapterError, UsageError

STANDARD: Final = "-"
"""Instead of a file's name: standard output."""

_BUFFER: Final = 1 << 18


class Output:
    """One open output; every method but `discard` raises `AdapterError` with one clear line.

    `name` is a path, or `-` for standard output. A symbolic link stays: its file is replaced.
    """

    def __init__(self, name: str) -> None:
        self._name = "standard output" if name == STANDARD else name
        self._target = STANDARD if name == STANDARD else os.path.realpath(name)
        self._hidden: Path | None = None
        with self._translated():
            self._file = self._open()

    def write(self, lines: Sequence[bytes]) -> None:
        """Write these lines, each followed by a line end."""
        with self._translated():
            self._file.write(b"\n".join(lines) + b"\n")

    def finish(self) -> None:
        """Bring everything to the disk; what follows cannot fail for want of space."""
        with self._translated():
            self._file.flush()
            if self._hidden is not None:
                os.fsync(self._file.fileno())
            if self._target != STANDARD:
                self._file.close()

    def install(self) -> None:
        """Give the finished output its name, in place of what stood there."""
        if self._hidden is not None:
            with self._translated():
                self._hidden.replace(self._target)
                self._hidden = None

    def discard(self) -> None:
        """Forget what was written, as far as it can be taken back; never raises."""
        if self._target != STANDARD:
            with suppress(OSError):
                self._file.close()
        if self._hidden is not None:
            with suppress(OSError):
                self._hidden.unlink(missing_ok=True)

    def _open(self) -> IO[bytes]:
        if self._target == STANDARD:
            sys.stdout.flush()
            return sys.stdout.buffer
        path = Path(self._target)
        mode = path.stat().st_mode if path.exists() else None
        if mode is not None and not S_ISREG(mode):
            return path.open("wb", buffering=_BUFFER)
        if mode is not None:
            path.open("ab").close()  # a file that may not be written may not be replaced either
        self._hidden = path.with_name(f".{path.name[:40]}.{token_hex(4)}.part")
        file = self._hidden.open("xb", buffering=_BUFFER)
        if mode is not None:
            self._hidden.chmod(S_IMODE(mode))
        return file

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn the system's error into one clear sentence."""
        try:
            yield
        except OSError as error:
            if self._target == STANDARD:
                _silence_standard_output()
            raise AdapterError(f"{self._name} {_advice(error, self._target)}") from None


@contextmanager
def whole(*names: str | None) -> Iterator[tuple[Output | None, ...]]:
    """Open these outputs, None where there is no name; all appear at the end of the block, or none.

    What cannot be written is known before the work begins. Raises as `Output` and
    `refuse_one_file` do.
    """
    refuse_one_file(*names)
    opened: list[Output | None] = []
    try:
        for name in names:
            opened.append(None if name is None else Output(name))  # noqa: PERF401 (each may raise)
        yield tuple(opened)
        for output in filter(None, opened):
            output.finish()
        for output in filter(None, opened):
            output.install()
    except BaseException:
        for output in filter(None, opened):
            output.discard()
        raise


def refuse_one_file(*names: str | PathLike[str] | None) -> None:
    """Raise `UsageError` where two outputs would be one file, or both standard output.

    None stands for no output. Devices may be shared.
    """
    taken = set()
    for name in names:
        if name is None:
            continue
        target = Path(name) if name == STANDARD else Path(name).resolve()
        if target in taken:
            raise UsageError(f"two outputs cannot both go to {name}: name two files")
        if name == STANDARD or target.is_file() or not target.exists():
            taken.add(target)


def _advice(error: OSError, target: str) -> str:
    """Say what is wrong and what to do about it."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            return "cannot be written, the disk is full: free some space and start again"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return f"cannot be written: allow writing to it and to {Path(target).parent}"
        case errno.ENOENT | errno.ENOTDIR:
            return f"cannot be written: {Path(target).parent} is not a folder, make it first"
        case errno.EISDIR:
            return "is a folder: name a file in it"
        case errno.EPIPE:
            return "has been closed by its reader: the rest was not written"
        case _:
            return f"cannot be written: {error.strerror}"


def _silence_standard_output() -> None:
    """Let what is still buffered go nowhere, or Python complains once more when it exits."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
