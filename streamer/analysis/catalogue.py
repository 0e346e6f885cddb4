"""The catalogue of a folder of rules as Markdown: every segment by kind, in tables.

    python -m streamer.analysis.catalogue rules docs/catalogue.md

writes it into a page, between the two marks; the text around them is written by hand. The kind of
a rule is the folder that it stands in.
"""

import os
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

from streamer.analysis.inventory import Inventory, Needs, inventory
from streamer.analysis.privacy import Privacy, RuleReason, privacy
from streamer.app.inputs import Rules, load_rules
from streamer.core.rules.compile import Declaration
from streamer.core.rules.spec import Ladder
from streamer.core.wording import duration

BEGIN: Final = "<!-- catalogue: begin (written by streamer.analysis.catalogue) -->"
END: Final = "<!-- catalogue: end -->"

_HEADS: Final = ("segment", "says", "purpose", "most bytes", "for", "needs")


def written_into(page: str, rules: Rules, beside: Path) -> str:
    """Return the page with the catalogue between its marks; links are as seen from `beside`."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{_catalogue(rules, beside)}\n{END}{after}"


def _catalogue(rules: Rules, beside: Path) -> str:
    found, kept = inventory(rules), privacy(rules)
    reasons = {reason.key: reason for reason in kept.reasons}
    declarations = {one.key: one for one in rules.declared.declarations}
    files = {needs.key: Path(needs.place.rsplit(":", 2)[0]) for needs in found.segments}
    lines = [_sum(found, rules, kept), ""]
    for folder, group in groupby(found.segments, key=lambda needs: files[needs.key].parent):
        lines += [f"## {folder.name.replace('_', ' ').capitalize()}", ""]
        lines += [_row(_HEADS), _row(["---"] * len(_HEADS))]
        for needs in group:
            link = Path(os.path.relpath(files[needs.key], beside)).as_posix()
            lines.append(_row(_cells(needs, declarations[needs.key], reasons, link)))
        lines.append("")
    return "\n".join(lines)


def _sum(found: Inventory, rules: Rules, kept: Privacy) -> str:
    tests = len(rules.declared.tests)
    return (
        f"{len(found.segments)} segments and ladders with {tests} tests. All together remember at "
        f"most {found.total:,} bytes per customer, what they share counted once, and nothing "
        f"beyond {duration(kept.retention)} after the customer's last event."
    )


def _cells(
    needs: Needs, one: Declaration, reasons: dict[str, RuleReason], link: str
) -> Iterator[str]:
    said = f"[`{needs.key}`]({link})"
    if isinstance(one, Ladder):
        said += "<br>" + ", ".join(f"`.{tier.key}`" for tier in one.tiers)
    yield said
    yield needs.title
    yield one.purpose
    yield "-" if needs.remembers is None else f"{needs.remembers:,}"
    yield _lasting(reasons.get(needs.key))
    yield ", ".join((*(f"`{name}`" for name in needs.events), *_traits(needs)))


def _traits(needs: Needs) -> Iterator[str]:
    return (f"trait `{name}`" for name in needs.traits)


def _lasting(reason: RuleReason | None) -> str:
    """Return how long what the rule remembers counts at the longest."""
    if reason is None or reason.counts_for == 0:
        return "-"
    return "always" if reason.counts_for is None else duration(reason.counts_for)


def _row(cells: Iterator[str] | list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def main(folder: str, page: Path) -> None:
    """Write the catalogue of the folder into the page."""
    text = page.read_text(encoding="utf-8")
    page.write_text(written_into(text, load_rules([folder]), page.parent), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
