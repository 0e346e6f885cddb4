"""A server as a process of this machine, killed for certain when the one who started it ends."""

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

WATCH = 'read -r _; kill -s KILL -- "-$0"; rm -rf -- "$1"'
"""Waits for the end of its input, which comes when we die, however: then kills and cleans up."""

LAST_LINES = 40


class Process:
    """One server process in a folder of its own.

    It leads its own process group, so that Ctrl-C reaches us first and we stop it in order. If we
    are killed, a shell that holds the other end of a pipe kills it and removes the folder.
    """

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._command = command
        self._folder = folder
        self._log = folder / "log.txt"
        self._child: subprocess.Popen[bytes] | None = None
        self._watch: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; return at once."""
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(  # noqa: S603 (our own command)
                self._command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._watch = subprocess.Popen(  # noqa: S603 (our own command)
            ["/bin/sh", "-c", WATCH, str(self._child.pid), str(self._folder)],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def is_alive(self) -> bool:
        """Tell whether it runs; a paused one does."""
        return self._child is not None and self._child.poll() is None

    def signal(self, number: int) -> None:
        """Send a signal to it and to all that it started."""
        if self._child is not None and self.is_alive():
            os.killpg(self._child.pid, number)

    def pause(self) -> None:
        """Stop it where it stands, with SIGSTOP; return when all its threads stand."""
        if self._child is not None and self.is_alive():
            self.signal(signal.SIGSTOP)
            os.waitid(os.P_PID, self._child.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self.signal(signal.SIGCONT)

    def stop(self, seconds: float) -> None:
        """Ask it to end, and kill it when it has not ended in time."""
        self.signal(signal.SIGTERM)
        self._end(seconds)

    def kill(self) -> None:
        """Kill it at once; return when it is dead."""
        self._end(0)

    def _end(self, seconds: float) -> None:
        if self._child is None or self._watch is None:
            return
        try:
            self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self._child.wait()
        self._watch.kill()
        self._watch.communicate()
        self._child = self._watch = None

    def last_words(self) -> str:
        """Return the end of what it has written."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-LAST_LINES:])

    def close(self) -> None:
        """Kill it, and remove its folder."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
