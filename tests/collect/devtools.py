"""Chromium by its DevTools protocol: run a line of JavaScript in the page, look at it."""

import asyncio
import json
import urllib.request
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from tests.waiting import wait_until


def page_of(profile: Path) -> str:
    """Return the address at which the one page of a browser is driven."""
    found = profile / "DevToolsActivePort"
    wait_until(lambda: found.is_file() and len(found.read_text().split()) > 1, "the browser", 60)
    port = found.read_text().split()[0]
    pages: list[dict[str, Any]] = []

    def there() -> bool:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=10) as answer:
            pages[:] = [each for each in json.load(answer) if each["type"] == "page"]
        return bool(pages)

    wait_until(there, "the page", 60)
    address: str = pages[0]["webSocketDebuggerUrl"]
    return address


def evaluate(address: str, line: str) -> object:
    """Run a line of JavaScript in the page; return its value."""
    answer = asyncio.run(_ask(address, "Runtime.evaluate", {"expression": line}))
    assert "exceptionDetails" not in answer, answer
    return answer["result"].get("value")


async def _ask(address: str, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
    async with ClientSession() as session, session.ws_connect(address) as socket:
        await socket.send_json({"id": 1, "method": method, "params": parameters})
        while True:
            answer = await socket.receive_json(timeout=30)
            if answer.get("id") == 1:
                result: dict[str, Any] = answer["result"]
                return result
