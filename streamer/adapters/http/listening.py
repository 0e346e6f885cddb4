"""Listening for HTTP with aiohttp, alike in the collector and in the server of the live page.

aiohttp itself logs nothing: it would log the address of every client that sends no HTTP. An error
of ours is for the journal of the process.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from streamer.errors import UsageError

_BACKLOG: Final = 1024
_SILENT: Final = logging.getLogger("streamer.aiohttp")
_SILENT.disabled = True


def server_runner(
    answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
    shutdown_seconds: float,
    **settings: Any,  # noqa: ANN401 (those of aiohttp)
) -> web.ServerRunner:
    """Return the runner of a server that logs nothing; `settings` are those of `web.Server`.

    Requests that are being answered when it is cleaned up have `shutdown_seconds` to end.
    """
    server = web.Server(answer, access_log=None, logger=_SILENT, **settings)
    return web.ServerRunner(server, shutdown_timeout=shutdown_seconds)


async def listen(runner: web.ServerRunner, host: str, port: int) -> int:
    """Take connections on an address; return the port, which port 0 leaves to the machine.

    The runner is set up. Raises `UsageError` where the address cannot be listened on.
    """
    try:
        await web.TCPSite(runner, host, port, backlog=_BACKLOG).start()
    except OSError as error:
        raise UsageError(
            f"port {port} cannot be listened on ({error.strerror}): choose another with --port"
        ) from None
    found: int = runner.addresses[0][1]
    return found
