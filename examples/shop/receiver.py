"""Another system, which hears of segment changes by webhook: it verifies, and acts once.

`GET /hooks` shows what it has acted on.
"""

import os

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

HOOK = web.AppKey("hook", Webhook)
ACTED = web.AppKey("acted", dict[str, object])


async def receive(request: web.Request) -> web.Response:
    """Verify a request and act on it, unless it came before."""
    try:
        said = request.app[HOOK].verify(await request.text(), dict(request.headers))
    except WebhookVerificationError as error:
        return web.Response(status=401, text=str(error))
    request.app[ACTED].setdefault(request.headers["webhook-id"], said["data"])
    return web.Response(status=204)


async def show(request: web.Request) -> web.Response:
    """Return what was acted on."""
    return web.json_response(list(request.app[ACTED].values()))


def main() -> None:
    """Serve until Ctrl-C."""
    app = web.Application()
    app[HOOK] = Webhook(os.environ["SHOP_SECRET"])
    app[ACTED] = {}
    app.router.add_post("/hooks", receive)
    app.router.add_get("/hooks", show)
    host, port = os.environ.get("SHOP_HOST", "127.0.0.1"), os.environ.get("RECEIVER_PORT", "8001")
    web.run_app(app, host=host, port=int(port), print=None)


if __name__ == "__main__":
    main()
