"""A server beside something else in one process: in a thread of its own, until the block ends."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from streamer.serve.server import Server

_PATIENCE_S: Final = 60.0


@contextmanager
def beside(server: Server) -> Iterator[None]:
    """Serve for as long as the block takes. Raises what keeps the server from listening."""
    failures: list[BaseException] = []
    listening = threading.Event()

    def serve() -> None:
        try:
            asyncio.run(server.run(listening.set))
        except BaseException as error:  # noqa: BLE001 (raised again in the other thread)
            failures.append(error)
        finally:
            listening.set()

    thread = threading.Thread(target=serve, name="serve", daemon=True)
    thread.start()
    listening.wait(_PATIENCE_S)
    if failures:
        raise failures[0]
    try:
        yield
    finally:
        server.stop()
        thread.join(_PATIENCE_S)
