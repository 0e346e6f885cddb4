"""The page in a browser that a test drives: which view, which theme, how wide, what it shows."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse

from tests.collect.devtools import page_of
from tests.collect.get import browser
from tests.collect.pages import opened
from tests.conftest import need
from tests.waiting import PAUSE_S, NotInTime

WAITED_S = 60


class Tab:
    """One page, driven over one connection: what is emulated holds while that is open.

    `troubles` are the errors of scripts, and whatever the browser has refused.
    """

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._asked = 0
        self.troubles: list[str] = []

    async def command(self, method: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401 (any JSON)
        self._asked += 1
        await self._socket.send_json({"id": self._asked, "method": method, "params": parameters})
        while True:
            told = await self._socket.receive_json(timeout=WAITED_S)
            if told.get("id") == self._asked:
                result: dict[str, Any] = told.get("result", {})
                return result
            self._note(told)

    def _note(self, told: dict[str, Any]) -> None:
        parameters = told.get("params", {})
        if told.get("method") == "Runtime.exceptionThrown":
            self.troubles.append(json.dumps(parameters["exceptionDetails"])[:500])
        entry = parameters.get("entry", {})
        if entry.get("level") == "error" and entry.get("source") != "network":
            self.troubles.append(entry["text"])

    async def value(self, line: str) -> Any:  # noqa: ANN401 (any JSON)
        """Run a line of JavaScript; return its value."""
        told = await self.command(
            "Runtime.evaluate", expression=f"JSON.stringify({line})", returnByValue=True
        )
        text = told["result"].get("value")
        return None if text is None else json.loads(text)

    async def until(self, line: str, wanted: Callable[[Any], bool], what: str) -> Any:  # noqa: ANN401 (any JSON)
        """Return the value of a line once it is as wanted."""
        found: Any = None
        for _ in range(int(WAITED_S / (5 * PAUSE_S))):
            found = await self.value(line)
            if wanted(found):
                return found
            await asyncio.sleep(5 * PAUSE_S)
        raise NotInTime(f"not within {WAITED_S} s: {what}; it is {found}")

    async def show(self, view: str) -> None:
        """Go to a view, and wait until it has been drawn from answers."""
        await self.command("Runtime.evaluate", expression=f"location.hash = {json.dumps(view)}")
        drawn = (
            "location.hash === '' || document.querySelector('main h1, main h2, main form') !== null"
            " && ![...document.querySelectorAll('main .empty')]"
            ".some((one) => one.textContent.startsWith('Loading'))"
        )
        await self.until(drawn, bool, f"{view} is drawn")

    async def looks(self, theme: str, width: int) -> None:
        """Emulate a theme and a width."""
        await self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=900, deviceScaleFactor=1, mobile=width < 500,
        )  # fmt: skip
        features = [{"name": "prefers-color-scheme", "value": theme}]
        await self.command("Emulation.setEmulatedMedia", features=features)


def browse(address: str, folder: Path, look: Callable[[Tab], Awaitable[None]]) -> None:
    """Open an address in a browser of its own and let `look` drive it; skips without one."""
    with _page(address, folder) as page:

        async def drive() -> None:
            async with ClientSession() as session, session.ws_connect(page, max_msg_size=0) as one:
                tab = Tab(one)
                for domain in ("Runtime", "Log", "Page"):
                    await tab.command(f"{domain}.enable")
                await look(tab)
                assert tab.troubles == []

        asyncio.run(drive())


@contextmanager
def _page(address: str, folder: Path) -> Iterator[str]:
    need("the page", None if browser() else "there is no chromium on the path (make sdks gets it)")
    with opened(address, folder):
        yield page_of(folder / "profile")
