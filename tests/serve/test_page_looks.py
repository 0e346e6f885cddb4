"""Every view, in both themes and from a phone to a wide screen, with few segments and with all."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from streamer.app.shipped import shipped_rules
from streamer.types import DAY
from tests.serve.asking import asking
from tests.serve.browsing import Tab, browse
from tests.serve.conftest import filled

pytestmark = pytest.mark.sdks

FIVE = """\
segment: cart_abandoner
title: Left something in the cart
purpose: Remind the customer of the cart while the wish is fresh.
settings: {owner: crm@shop.example, tags: [retargeting], holdout: 20%}
when: {performed: product_added, within: 7d}
---
segment: kategorieinteresse
title: Kundinnen und Kunden, die sich mehrfach für dieselbe Produktkategorie interessieren
purpose: Auch für Donaudampfschifffahrtsgesellschaftskapitänsmützenliebhaberinnen.
when: {performed: product_viewed, at_least: 3, within: 3d}
---
segment: looked
title: 浏览过商品但尚未购买的顾客
purpose: 用顾客看过的商品提醒他们。
when: {performed: product_viewed, within: 2d}
---
segment: a_key_with_as_many_letters_as_a_key_can_have_and_no_place_at_al
title: A_title_without_a_space_that_is_much_too_long_for_a_phone_and_has_no_place_to_break
purpose: To see what happens.
when: {performed: order_completed, within: 30d}
---
ladder: engagement
title: How engaged
purpose: Speak to active customers often.
tiers:
  - active: {performed: any, at_least: 5, within: 7d}
  - semi_active: {performed: any, within: 30d}
  - passive: otherwise
"""
WIDTHS = (390, 820, 1_280)
TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"
DARK = "getComputedStyle(document.body).backgroundColor"
UNSAID = """[...document.querySelectorAll('.chart')]
  .filter((one) => !one.querySelector('figcaption').textContent.trim() ||
    !one.querySelector('table tbody tr')).length"""
NAMELESS = """[...document.querySelectorAll('button, input, textarea, main a, nav a')]
  .filter((one) => !(one.textContent.trim() || one.getAttribute('aria-label') ||
    one.labels?.length)).map((one) => one.outerHTML)"""


@pytest.mark.parametrize("rules", ["five", "shipped"])
def test_every_view_fits_and_says_what_it_shows(rules: str, tmp_path: Path) -> None:
    paths: Sequence[str] = [str(shipped_rules())]
    if rules == "five":
        (tmp_path / "rules.yaml").write_text(FIVE, encoding="utf-8")
        paths = [str(tmp_path / "rules.yaml")]
    file = filled(tmp_path / "shop.db", 2 * DAY, paths)
    with asking(file, list(paths), tmp_path) as ask:
        changes = ask("/v1/changes?limit=1").body["changes"]
        segments = [one["segment"] for one in ask("/v1/segments").body["segments"]]
        views = [
            *("#/", "#/customers", "#/customers/nobody", "#/rules", "#/rejected", "#/deliveries"),
            *(f"#/segments/{one}" for one in segments[:5]),
            f"#/customers/{changes[0]['customer_id']}",
        ]

        async def look(tab: Tab) -> None:
            grounds = set()
            for theme in ("light", "dark"):
                for width in WIDTHS:
                    await tab.looks(theme, width)
                    for view in views:
                        await tab.show(view)
                        assert await tab.value(TOO_WIDE) <= 0, (view, theme, width)
                        assert await tab.value(UNSAID) == 0, view
                        assert await tab.value(NAMELESS) == [], view
                grounds.add(await tab.value(DARK))
            assert len(grounds) == 2

        browse(f"{ask.server.address}/", tmp_path, look)
