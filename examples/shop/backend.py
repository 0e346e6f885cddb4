"""The shop's backend: the page, its orders, and the reminders that were sent.

An order is confirmed once Kafka has it: `Publisher.flush` returns then.
"""

import asyncio
import hmac
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
USER_SECRET = "known to the backend and to the collector"  # noqa: S105 (as in keys.toml)
PUBLISHER = web.AppKey("publisher", Publisher)
REDIS = web.AppKey("redis", Redis)


async def page(request: web.Request) -> web.Response:
    """Return the page, with the address of the collector in it, and who is logged in."""
    collector = os.environ.get("SHOP_COLLECTOR", "http://127.0.0.1:8080")
    text = (HERE / "index.html").read_text(encoding="utf-8")
    text = text.replace("COLLECTOR", collector)
    text = text.replace("PROOF", proof_of(request.query.get("customer", "")))
    return web.Response(text=text, content_type="text/html")


async def login(request: web.Request) -> web.Response:
    """Log a customer in; a real shop asks for a password. Return the proof for the collector."""
    return web.json_response({"userHash": proof_of(request.query["customer"])})


def proof_of(customer: str) -> str:
    """Return what tells the collector that the backend knows who the customer is."""
    return hmac.new(USER_SECRET.encode(), customer.encode(), "sha256").hexdigest()


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
        "anonymous_id": asked["visitor"],
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
    app.router.add_get("/login", login)
    app.router.add_get("/reminders", reminders)
    app.router.add_post("/orders", order)
    with Publisher() as publisher:
        app[PUBLISHER] = publisher
        host, port = os.environ.get("SHOP_HOST", "127.0.0.1"), os.environ.get("SHOP_PORT", "8000")
        web.run_app(app, host=host, port=int(port), print=None)


if __name__ == "__main__":
    main()
