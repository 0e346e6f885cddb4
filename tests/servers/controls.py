"""What all servers of the tests share: how they are started, stopped, killed and paused."""

from abc import ABC, abstractmethod
from typing import Final, Self

from tests.servers.container import Container
from tests.servers.process import Process

STOP_S: Final = 20


class Startable(ABC):
    """Servers that run for as long as a block takes."""

    @abstractmethod
    def start(self) -> None:
        """Start it; return when it answers."""

    @abstractmethod
    def close(self) -> None:
        """Kill it and remove its data."""

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Controls(Startable):
    """The controls of one server, a process of this machine or a container."""

    _server: Process | Container

    def stop(self) -> None:
        """Shut it down in order; its data stay."""
        self._server.stop(STOP_S)

    def kill(self) -> None:
        """Kill it with SIGKILL; return when it is dead. Data that it has synced to disk stay."""
        self._server.kill()

    def pause(self) -> None:
        """Stop it where it stands with SIGSTOP; connections stay open, unanswered."""
        self._server.pause()

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self._server.resume()

    def restart(self) -> None:
        """Shut it down in order and start it again; return when it answers."""
        self.stop()
        self.start()
