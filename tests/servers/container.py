"""A server as a container, through testcontainers, which removes it even when we are killed."""

import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

from testcontainers.core.container import DockerContainer

from tests.servers.process import LAST_LINES


class Container:
    """One server container; does what `Process` does. Its port is the same after each start.

    Pausing sends a signal instead of using Docker's own pause, so that it means the same.
    """

    def __init__(
        self,
        image: str,
        command: Sequence[str],
        *,
        folder: Path,
        mounts: dict[Path, str],
        inner_port: int,
        port: int,
    ) -> None:
        self._folder = folder
        self._container = DockerContainer(image).with_bind_ports(inner_port, port)
        for outer, inner in mounts.items():
            self._container.with_volume_mapping(outer, inner, mode="rw")
        if command:
            self._container.with_command(list(command))
        self._created = False

    def start(self) -> None:
        """Create it, or start it again; return at once."""
        if self._created:
            self._container.get_wrapped_container().start()
        else:
            self._container.start()
            self._created = True

    def is_alive(self) -> bool:
        """Tell whether it runs; a paused one does."""
        self._container.reload()
        return self._container.status == "running"

    def signal(self, number: int) -> None:
        """Send a signal to its first process, which is the server."""
        if self.is_alive():
            self._container.get_wrapped_container().kill(signal=number)

    def pause(self) -> None:
        """Stop it where it stands, with SIGSTOP."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self.signal(signal.SIGCONT)

    def stop(self, seconds: float) -> None:
        """Ask it to end, and kill it when it has not ended in time."""
        self._container.get_wrapped_container().stop(timeout=int(seconds))

    def kill(self) -> None:
        """Kill it at once; return when it is dead."""
        if self.is_alive():
            self.signal(signal.SIGKILL)
            self._container.get_wrapped_container().wait()

    def last_words(self) -> str:
        """Return the end of what it has written."""
        lines = b"".join(self._container.get_logs()).decode(errors="replace").splitlines()
        return "\n".join(lines[-LAST_LINES:])

    def close(self) -> None:
        """Remove it, and its folder."""
        self._container.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
