"""A bare Faust agent that parses each change and does nothing else: `bare_agent.py ADDRESS TOPIC`.

It reads from the beginning and says how many changes it has seen, on standard output.
"""

import logging
import sys
import tempfile
from typing import Any

import faust
import orjson

address, topic = sys.argv[1:]
app = faust.App(
    f"bare-{topic}",
    broker=f"aiokafka://{address}",
    datadir=tempfile.mkdtemp(),
    store="memory://",
    topic_allow_declare=False,
    topic_disable_leader=True,
    web_enabled=False,
    consumer_auto_offset_reset="earliest",
)
changes = app.topic(topic, key_serializer="raw", value_serializer="raw", value_type=bytes)


@app.agent(changes)
async def parse(stream: Any) -> None:  # noqa: ANN401 (Faust's stream)
    """Parse every change."""
    seen = 0
    async for value in stream:
        orjson.loads(value)
        seen += 1
        if seen % 100 == 0:
            print(seen, flush=True)


worker = faust.Worker(app, quiet=True, loglevel=logging.ERROR, redirect_stdouts=False)
worker.spinner = None
worker.execute_from_commandline()
