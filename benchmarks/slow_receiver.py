"""A receiver of webhooks that answers after 50 ms: `slow_receiver.py PORT`."""

import asyncio
import sys

from aiohttp import web

LATENCY_S = 0.05


async def answer(request: web.BaseRequest) -> web.Response:
    """Read a request, wait, and say that it was taken."""
    await request.read()
    await asyncio.sleep(LATENCY_S)
    return web.Response(status=204)


async def serve(port: int) -> None:
    """Serve until ended."""
    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    await asyncio.Event().wait()


asyncio.run(serve(int(sys.argv[1])))
