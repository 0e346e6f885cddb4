"""The least that takes events over HTTP into Kafka: what `collect.py` measures beside.

python benchmarks/bare_collect.py KAFKA PORT
"""

import sys

import orjson
from aiohttp import web
from confluent_kafka import Producer


def main() -> None:
    """Serve until killed."""
    address, port = sys.argv[1:]
    settings = {"bootstrap.servers": address, "acks": "all", "enable.idempotence": True}
    producer = Producer({**settings, "queue.buffering.max.messages": 1_000_000})

    async def take(request: web.Request) -> web.Response:
        document = orjson.loads(await request.read())
        for call in document.get("batch", [document]):
            producer.produce("storefront.events", orjson.dumps(call), call["userId"])
        producer.poll(0)
        return web.json_response({"success": True})

    app = web.Application()
    app.add_routes([web.post("/v1/batch", take), web.post("/v1/track", take)])
    web.run_app(app, host="127.0.0.1", port=int(port), access_log=None, print=None)


if __name__ == "__main__":
    main()
