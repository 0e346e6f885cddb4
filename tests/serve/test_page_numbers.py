"""On the events of a real shop, each number that the page shows is the oracle's."""

from collections import Counter, defaultdict
from pathlib import Path
from statistics import median_low
from typing import Any

import orjson
import pytest

from streamer.adapters.database import Database
from streamer.adapters.sqlite import SqliteLog, SqliteSink, SqliteStore
from streamer.app.inputs import load_rules, open_events, read_records
from streamer.codecs.events import decode
from streamer.errors import InvalidEvent
from streamer.types import DAY, HOUR, Millis
from streamer.worker import Batching, LogRunner, PartitionTask
from tests.agree_on_shop import as_line
from tests.oracle import oracle_run
from tests.serve.asking import asking
from tests.serve.browsing import Tab, browse
from tests.strategies import documents_to_yaml
from tests.told import with_append_time

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data" / "rees46" / "2019-Oct_head17k.csv"
MAPPING = ROOT / "schemas" / "mappings" / "rees46.yaml"
CHOSEN = "7"
"""The last digit of the customers who are looked at: a tenth of all."""
LATENESS = 2_000
pytestmark = [
    pytest.mark.sdks,
    pytest.mark.skipif(not DATA.exists(), reason="the data sets are not on this machine"),
]

DOCUMENTS: list[dict[str, Any]] = [
    {
        "segment": "looks_around",
        "title": "Schaut sich gerade um",
        "purpose": "A window of minutes, so that many come and go.",
        "when": {"performed": "product_viewed", "at_least": 2, "within": "15m"},
    },
    {
        "segment": "went_away",
        "title": "看过商品后离开的顾客",
        "purpose": "Silence after something was looked at.",
        "when": {"all": [{"performed": "product_viewed", "within": "2h"}, {"quiet": "20m"}]},
    },
    {
        "ladder": "interest",
        "title": "How many products",
        "purpose": "Tiers by what was looked at.",
        "tiers": [
            {
                "much": {
                    "performed": "product_viewed",
                    "distinct": "product_id",
                    "at_least": 5,
                    "within": "1h",
                }
            },
            {"some": {"performed": "product_viewed", "within": "1h"}},
        ],
    },
]
ROWS = """[...document.querySelectorAll('table.segments tbody tr')]
  .filter((row) => row.querySelector('th code'))
  .map((row) => [row.querySelector('th code').textContent,
    row.querySelector('.moves').innerText, row.querySelector('.size').textContent])"""
FIGURES = """[...document.querySelectorAll('.figures > div')]
  .map((one) => [one.querySelector('dt').textContent, one.querySelector('dd').textContent])"""
OVERLAPS = """[...document.querySelectorAll('.bars tbody tr')]
  .map((row) => [row.querySelector('th').textContent, row.querySelector('.note').textContent])"""
TABLES = """[...document.querySelectorAll('.chart table.numbers')]
  .map((table) => [...table.querySelectorAll('tbody tr')]
    .map((row) => [...row.children].map((cell) => cell.textContent)))"""
PLACES = "[...document.querySelectorAll('.places code')].map((one) => one.textContent)"
STORY = "[...document.querySelectorAll('.story > li')].map((one) => one.className)"


def shop_lines() -> list[bytes]:
    """The events of some customers of the shop, with the time at which they came."""
    log, read = open_events([str(DATA)], str(MAPPING))
    found: list[tuple[Millis, str, bytes]] = []
    with log:
        for record in read_records(log):
            try:
                event = read(record)
            except InvalidEvent:
                continue
            if event.customer.endswith(CHOSEN):
                line = as_line(event._replace(appended=event.time))
                found.append((event.time, event.id, line))
    return [line for _, _, line in sorted(found)]


def decided(file: Path, rules: Path, lines: list[bytes]) -> None:
    """Let the embedded default decide the lines, and what is due at their end."""
    with Database(file) as database:
        log, sink, batching = SqliteLog(database), SqliteSink(database), Batching()
        compiled = load_rules([str(rules)]).compiled
        task = PartitionTask(compiled, SqliteStore(database), sink, decode, batching=batching)
        runner = LogRunner(task, log, sink, batching.batch)
        runner.start()
        at = 0
        for line in lines:
            at = orjson.loads(line)["time"]
            log.append(line, at)
        while runner.step():
            pass
        runner.fire_due(at - LATENESS)


class Truth:
    """What the oracle says, as the page tells it."""

    def __init__(self, lines: list[bytes]) -> None:
        told = oracle_run(DOCUMENTS, lines, lateness=LATENESS)
        self.members = told.members
        self.changes = [one for mine in told.changes.values() for one in mine]
        self.latest = max(one["at"] for one in self.changes)

    def size(self, name: str) -> int:
        return sum(name in where for where in self.members.values())

    def moves(self, name: str, since: Millis, until: Millis) -> Counter[str]:
        return Counter(
            one["direction"]
            for one in self.changes
            if one["segment"] == name and since <= one["at"] < until
        )

    def stays(self, name: str) -> list[Millis]:
        entered: dict[str, Millis] = {}
        found = []
        for one in self.changes:
            if one["segment"] == name and one["direction"] == "entered":
                entered[one["customer_id"]] = one["at"]
            elif one["segment"] == name:
                found.append(one["at"] - entered[one["customer_id"]])
        return found

    def overlaps(self, name: str) -> dict[str, int]:
        found: defaultdict[str, int] = defaultdict(int)
        for where in self.members.values():
            for other in where if name in where else ():
                found[other] += other != name
        return {other: count for other, count in found.items() if count}


NAMES = {
    "looks_around": ("looks_around",),
    "went_away": ("went_away",),
    "interest": ("interest.much", "interest.some"),
}


def test_each_number_is_the_oracle_s(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(documents_to_yaml(DOCUMENTS), encoding="utf-8")
    lines = shop_lines()
    decided(tmp_path / "shop.db", rules, lines)
    truth = Truth([with_append_time(line, orjson.loads(line)["time"]) for line in lines])
    assert len(truth.changes) > 500

    async def look(tab: Tab) -> None:
        await overview(tab, truth)
        for name in ("looks_around", "went_away"):
            await segment(tab, truth, name)
        for who in sorted(truth.members, key=lambda one: (-len(truth.members[one]), one))[:5]:
            await customer(tab, truth, who, lines)

    with asking(tmp_path / "shop.db", [str(rules)], tmp_path) as ask:
        browse(f"{ask.server.address}/", tmp_path, look)


async def overview(tab: Tab, truth: Truth) -> None:
    await tab.show("#/")
    since = truth.latest // HOUR * HOUR - 23 * HOUR
    wanted = []
    for name, memberships in NAMES.items():
        moves = sum((truth.moves(one, since, since + DAY) for one in memberships), Counter())
        told = [f"+{moves['entered']:,}", f"−{moves['exited']:,}"]  # noqa: RUF001 (a minus sign)
        size = sum(truth.size(one) for one in memberships)
        wanted.append([name, told, f"{size:,}"])
    rows = await tab.until(ROWS, lambda found: len(found) == len(wanted), "the segments")
    assert [[name, moves.replace("entered", "").replace("left", "").split(), size]
            for name, moves, size in rows] == wanted  # fmt: skip


async def segment(tab: Tab, truth: Truth, name: str) -> None:
    await tab.show(f"#/segments/{name}")
    overlaps = truth.overlaps(name)
    found = await tab.until(OVERLAPS, lambda rows: len(rows) == len(overlaps), "the overlaps")
    assert {other: int(count) for other, count in found} == overlaps
    figures = dict(await tab.value(FIGURES))
    since = truth.latest // HOUR * HOUR - 23 * HOUR
    moves = truth.moves(name, since, since + DAY)
    assert figures["in it now"] == f"{truth.size(name):,}"
    assert figures["entered, last 24 h"] == f"{moves['entered']:,}"
    assert figures["left, last 24 h"] == f"{moves['exited']:,}"
    assert figures["median stay"] == in_words(median_low(truth.stays(name)))
    sizes, flows = await tab.until(TABLES, lambda tables: len(tables) == 2, "the tables")
    for number, ((_, size), (_, entered, left)) in enumerate(zip(sizes, flows, strict=True)):
        begin = since + number * HOUR
        moved = truth.moves(name, begin, begin + HOUR)
        before = truth.moves(name, 0, begin + HOUR)
        assert (entered, left) == (f"{moved['entered']:,}", f"{moved['exited']:,}")
        assert size == f"{before['entered'] - before['exited']:,}"


async def customer(tab: Tab, truth: Truth, who: str, lines: list[bytes]) -> None:
    await tab.show(f"#/customers/{who}")
    wanted = sorted(truth.members[who])
    await tab.until(PLACES, lambda found: set(wanted) <= set(found), f"where {who} is")
    changes = [one for one in truth.changes if one["customer_id"] == who][-100:]
    events = [line for line in lines if orjson.loads(line)["user_id"] == who][-100:]
    story = await tab.until(STORY, lambda found: len(found) > 0, "the story")
    assert sum("event" in one.split() for one in story) == len(events)
    assert sum("event" not in one.split() for one in story) == len(changes)


def in_words(ms: Millis) -> str:
    """Say how long, with the two largest units that count."""
    seconds = ms // 1_000
    told = [(seconds // 3_600, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s")]
    first = next((at for at, (count, _) in enumerate(told) if count), 2)
    parts = [f"{count} {unit}" for count, unit in told[first : first + 2] if count]
    return " ".join(parts)
