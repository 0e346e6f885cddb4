"""The catalogue of rules: the page is up to date, and says of each rule what it should."""

from pathlib import Path

from streamer.analysis.catalogue import BEGIN, END, written_into
from streamer.app.inputs import load_rules

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "catalogue.md"
RULES = """\
segment: one
title: A | B
purpose: To be shown.
when: {performed: product_added, within: 7d}
---
segment: all_one
purpose: To be shown as well.
when: {all: [{in_segment: one}, {in_segment: ranks.low}]}
---
ladder: ranks
title: High and low
purpose: To be shown, too.
tiers: [{high: {trait: score, at_least: 5}}, {low: otherwise}]
---
segment: none_of_it
purpose: Shown beside the others.
when: {performed: any}
settings: {enabled: false}
"""


def test_the_page_is_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert written_into(page, load_rules([str(ROOT / "rules")]), PAGE.parent) == page


def test_every_rule_has_its_row_under_its_kind(tmp_path: Path) -> None:
    file = tmp_path / "rules" / "some_kind" / "rules.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(RULES)
    rules = load_rules([str(tmp_path / "rules")])
    page = written_into(f"By hand.\n{BEGIN}\nold\n{END}\nThe end.\n", rules, tmp_path / "docs")
    assert page.startswith(f"By hand.\n{BEGIN}\n\n4 segments and ladders with 0 tests. ")
    assert page.endswith(f"\n{END}\nThe end.\n")
    assert "\n## Some kind\n" in page
    link = "../rules/some_kind/rules.yaml"
    assert (
        f"| [`one`]({link}) | A \\| B | To be shown. | 44 | 7d | `product_added` |\n"
        f"| [`all_one`]({link}) | all_one | To be shown as well. | 27 | - |  |\n"
        f"| [`ranks`]({link})<br>`.high`, `.low` | High and low | To be shown, too. | 206 | always "
        f"| trait `score` |\n"
        f"| [`none_of_it`]({link}) | none_of_it | Shown beside the others. | - | - | `any` |\n"
    ) in page
    assert "old" not in page
