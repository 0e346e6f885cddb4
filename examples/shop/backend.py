"""The shop's backend: the page, its orders, and the reminders that were sent.

An order is confirmed once Kafka has it: `Publisher.flush` returns then.
"""

import asyncio
import json
import os
import time
from pathlib import Path

from aiohttp import web
from redis.asyncio import Redis

from streamer.client import Publisher

HERE = Path(__file__).parent
REMINDERS = "{react:shop-reminders}:sent"
SCRIPT = "node_modules/@segment/analytics-next/dist/umd/standalone.js"
PUBLISHER = web.AppKey("publisher", Publisher)
REDIS = web.AppKey("redis", Redis)


async def page(_: web.Request) -> web.Response:
    """Return the page, with the address of the collector in it."""
    collector = os.environ.get("SHOP_COLLECTOR", "http://127.0.0.1:8080")
    text = (HERE / "index.html").read_text(encoding="utf-8")
    return web.Response(text=text.replace("COLLECTOR", collector), content_type="text/html")


async def script(_: web.Request) -> web.FileResponse:
    """Return analytics.js."""
    return web.FileResponse(Path(os.environ.get("SHOP_SCRIPT", HERE / SCRIPT)))


async def order(request: web.Request) -> web.Response:
    """Publish an order; confirm it once it is safe."""
    asked = await request.json()
    products = asked["products"]
    event = {
        "id": asked["order_id"],
        "name": "order_completed",
        "time": time.time_ns() // 1_000_000,
        "user_id": asked["customer"],
        "properties": {
            "order_id": asked["order_id"],
            "total": sum(each["price"] * each["quantity"] for each in products),
            "currency": "EUR",
            "products": products,
        },
    }
    publisher = request.app[PUBLISHER]
    publisher.publish(event)
    await asyncio.to_thread(publisher.flush)
    return web.json_response({"order_id": asked["order_id"]})


async def reminders(request: web.Request) -> web.Response:
    """Return the reminders that a customer got, or all."""
    sent = [json.loads(line) for line in await request.app[REDIS].lrange(REMINDERS, 0, -1)]
    customer = request.query.get("customer")
    found = [each for each in sent if customer in {None, each["customer"]}]
    return web.json_response(found)


def main() -> None:
    """Serve until Ctrl-C."""
    app = web.Application()
    app[REDIS] = Redis.from_url(os.environ.get("STREAMER_REDIS", "redis://127.0.0.1:6379/0"))
    app.router.add_get("/", page)
    app.router.add_get("/analytics.js", script)
    app.router.add_get("/reminders", reminders)
    app.router.add_post("/orders", order)
    with Publisher() as publisher:
        app[PUBLISHER] = publisher
        host, port = os.environ.get("SHOP_HOST", "127.0.0.1"), os.environ.get("SHOP_PORT", "8000")
        web.run_app(app, host=host, port=int(port), print=None)


if __name__ == "__main__":
    main()
