"""The reference of the language as Markdown, made from the table.

    python -m streamer.language.reference docs/rule-language.md

writes it into a page, between the two marks; the text around them is written by hand.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from streamer.core.standard import KINDS
from streamer.language.cases import EXPECTED, TEST
from streamer.language.comparisons import ANY_COMPARISON
from streamer.language.conditions import COMBINATORS
from streamer.language.documents import LADDER, SEGMENT
from streamer.language.fields import Field, Group
from streamer.language.given import GIVEN
from streamer.language.header import HEADER, IDENTITY
from streamer.language.leaves.leaf import LeafKind
from streamer.language.models import MODEL, PARAMETERS
from streamer.language.settings import SEGMENT_SETTINGS
from streamer.language.standard import MEANS
from streamer.language.table import LEAVES
from streamer.language.vocabulary import STANDARD_EVENTS

BEGIN: Final = "<!-- reference: begin (written by streamer.language.reference) -->"
END: Final = "<!-- reference: end -->"


def reference() -> str:
    """Return the reference: conditions, comparisons, documents, settings, tests, events."""
    return "\n".join(
        (
            "## Reference: conditions\n",
            *_combinators(),
            *(line for leaf in LEAVES.values() for line in _leaf(leaf)),
            "## Reference: comparisons\n",
            "For `where`, `trait`, `latest` and `first`. Several must all hold of one value.\n",
            *_fields(ANY_COMPARISON),
            "### Standard properties\n",
            "By their plain name, of the event or of a product; not behind a dot, not in traits.\n",
            *_table(("properties", "kind"), _standard()),
            "## Reference: documents\n",
            "### A segment\n",
            *_fields(SEGMENT.fields),
            "### A ladder\n",
            *_fields(LADDER.fields),
            "### The header\n",
            *_fields(HEADER.fields),
            "The `identity` of a header:\n",
            *_fields(IDENTITY.fields),
            "### A model\n",
            "A `*.yaml` file among the rules, which `streamer fit` writes.\n",
            *_fields(MODEL.fields),
            *(line for kind, group in PARAMETERS.items() for line in _parameters(kind, group)),
            "### Settings\n",
            "A ladder has no `cooldown`.\n",
            *_fields(SEGMENT_SETTINGS.fields),
            "## Reference: tests\n",
            *_fields(TEST.fields),
            "An event of `given`; every other key is a property of the event:\n",
            *_fields(GIVEN.fields),
            "A change of `expect`, one of `enters`, `exits` or `moves`:\n",
            *_fields(EXPECTED.fields),
            "## Reference: standard events\n",
            *_table(("event", "meaning"), ((f"`{n}`", t) for n, t in STANDARD_EVENTS.items())),
        )
    )


def written_into(page: str) -> str:
    """Return the page with the reference between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{reference()}\n{END}{after}"


def _standard() -> Iterator[tuple[str, str]]:
    for kind, means in MEANS.items():
        names = (f"`{name}`" for name, of in KINDS.items() if of == kind)
        yield ", ".join(names), means


def _parameters(kind: str, group: Group) -> Iterator[str]:
    yield f"The `parameters` of `{kind}`:\n"
    yield from _fields(group.fields)


def _combinators() -> Iterator[str]:
    rows = ((f"`{key}`", "list of conditions", means) for key, means in COMBINATORS.items())
    yield from _table(("key", "value", "meaning"), rows)


def _leaf(leaf: LeafKind) -> Iterator[str]:
    yield f"### `{leaf.key}`\n"
    yield f"{leaf.means} Takes: {leaf.kind.says}.\n"
    yield f"```yaml\n{leaf.example}\n```\n"
    if leaf.inner is not None:
        yield from _fields(leaf.inner.fields)
        yield "Beside it:\n"
    yield from _fields((*leaf.scope, *leaf.comparisons))
    notes = [
        f"Not `{pair.one}` beside `{pair.other}`: {pair.why}."
        for pair in leaf.apart
        if pair.one != "exists"
    ]
    if leaf.needs:
        notes.append("At least one comparison is required.")
    if notes:
        yield " ".join(notes) + "\n"


def _fields(fields: Iterable[Field]) -> Iterator[str]:
    rows = (
        (f"`{one.name}`", one.kind.says, f"{one.means}{' Required.' if one.required else ''}")
        for one in fields
    )
    yield from _table(("key", "value", "meaning"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join('---' for _ in head)}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def main(page: Path) -> None:
    """Write the reference into the page."""
    page.write_text(written_into(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
