"""`streamer serve` as a process, and ways to ask it."""

import json
import sys
import urllib.request
from collections import defaultdict
from typing import Any
from urllib.error import HTTPError

from tests.live.shop import Shop, Worker
from tests.servers.ports import free_port
from tests.waiting import wait_until


class Serving:
    """`streamer serve` as a process on the topics of a shop, with a view that stays."""

    def __init__(self, shop: Shop, metrics_port: int = 0) -> None:
        self.port, self.metrics_port = free_port(), metrics_port
        topics = shop.topics
        command = [
            *(sys.executable, "-m", "streamer", "serve", "--rules", str(shop.rules)),
            *("--kafka", shop.kafka.address, "--redis", shop.redis.url, "--group", shop.group),
            *("--events-topic", topics.events, "--changes-topic", topics.changes),
            *("--memberships-topic", topics.memberships),
            *("--rejected-topic", topics.rejected, "--view", str(shop.folder / "view.db")),
            *("--port", str(self.port), "--metrics-port", str(metrics_port)),
        ]
        self.process = Worker(command, shop.folder / f"serve-{self.port}.log", {})
        wait_until(self.is_up_to_date, "the view is up to date", 60)

    def is_up_to_date(self) -> bool:
        assert self.process.process.poll() is None, self.process.text
        return "up to date" in self.process.events()

    def records_read(self) -> int:
        """How many records were read until the view was up to date."""
        (told,) = [line for line in self.process.said() if line["event"] == "up to date"]
        return int(told["records"])

    def ask(self, path: str) -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as got:
                return got.status, json.load(got)
        except HTTPError as problem:
            with problem:
                return problem.code, json.load(problem)

    def members(self, shop: Shop) -> dict[str, list[str]]:
        """Who is where, asked page by page."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for entry in self.ask("/v1/segments")[1]["segments"]:
            for segment in entry["memberships"]:
                following = ""
                while following is not None:
                    path = f"/v1/segments/{segment}/members?limit=9{following}"
                    status, page = self.ask(path)
                    assert status == 200, shop.folder
                    for one in page["members"]:
                        found[one["customer_id"]].append(segment)
                    following = page["next"] and f"&cursor={page['next']}"
        return {who: sorted(where) for who, where in found.items()}
