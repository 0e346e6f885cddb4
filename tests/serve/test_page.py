"""The page in a real browser: the numbers are the shop's, and no text that others wrote runs."""

import json
from collections import Counter
from pathlib import Path

import pytest

from streamer.adapters.database import Database
from streamer.adapters.sqlite import SqliteSink
from streamer.app.demo import Demo
from streamer.app.inputs import load_rules
from streamer.simulation import Simulation
from streamer.types import DAY
from tests.collect.devtools import evaluate, page_of
from tests.collect.get import browser
from tests.collect.pages import opened
from tests.conftest import need
from tests.serve.asking import asking
from tests.waiting import wait_until

pytestmark = pytest.mark.sdks

HURTS = "<img src=x onerror='window.hurt=1'><script>window.hurt=1</script>"
RULES = f"""\
segment: cart_abandoner
title: "{HURTS}"
purpose: "{HURTS}"
when: {{performed: product_added, within: 7d}}
---
segment: looked
title: 浏览过商品但尚未购买的顾客
purpose: Kundinnen und Kunden, die sich Produkte angesehen haben
when: {{performed: product_viewed, within: 2d}}
---
segment: sharer
title: Shared a cart
purpose: Nobody in the simulation does.
when: {{performed: cart_shared}}
---
ladder: engagement
title: How engaged
purpose: Speak to active customers often.
tiers:
  - active: {{performed: any, at_least: 5, within: 7d}}
  - passive: otherwise
"""
SHOWN = """JSON.stringify(Object.fromEntries([...document.querySelectorAll('table.segments tr')]
  .filter((row) => row.querySelector('th code'))
  .map((row) => ['th code', '.size'].map((one) => row.querySelector(one).textContent))))
"""


def test_the_sizes_on_the_page_are_those_of_the_shop(tmp_path: Path) -> None:
    missing = None if browser() else "there is no chromium on the path (make sdks gets it)"
    need("the page", missing)
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES, encoding="utf-8")
    file = tmp_path / "shop.db"
    with Database(file) as database:
        loaded = load_rules([str(rules)])
        shop = Demo(loaded.compiled, database, Simulation(seed=3, customers=60))
        shop.advance(shop.began + 5 * DAY)

        def sizes() -> dict[str, str]:
            found = Counter({"sharer": 0})
            for segment, size in SqliteSink(database).sizes().items():
                found[segment.partition(".")[0]] += size
            return {segment: f"{size:,}" for segment, size in found.items()}

        with (
            asking(file, [str(rules)], tmp_path) as ask,
            opened(f"{ask.server.address}/", tmp_path) as _,
        ):
            page = page_of(tmp_path / "profile")

            def shown() -> dict[str, str]:
                value = evaluate(page, SHOWN)
                assert isinstance(value, str)
                found: dict[str, str] = json.loads(value)
                return found

            wait_until(lambda: shown() == sizes(), "the sizes", 60)
            shop.advance(shop.began + 9 * DAY)
            wait_until(lambda: shown() == sizes(), "the sizes after more has happened", 60)
            heading = "document.querySelector('main h1, main h2')?.textContent || ''"
            for view in ("#/segments/cart_abandoner", "#/rules", "#/customers/u-1", "#/rejected"):
                evaluate(page, f"location.hash = '{view}'")
                wait_until(lambda: bool(evaluate(page, heading)), view, 60)
            evaluate(page, "location.hash = '#/segments/sharer'")
            empty = "[...document.querySelectorAll('.empty code')].map((one) => one.textContent)[0]"
            wait_until(
                lambda: evaluate(page, empty) == "streamer report EVENTS --rules rules/",
                "what says why nobody is in it",
                60,
            )
            evaluate(page, "location.hash = '#/segments/cart_abandoner'")
            title = "document.querySelector('main h1')?.textContent || ''"
            wait_until(lambda: evaluate(page, title) == HURTS, "the title as it is written", 60)
            assert evaluate(page, "typeof window.hurt") == "undefined"
