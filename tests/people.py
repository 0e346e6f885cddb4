"""Cases for one person of several ids: a rule set that joins ids, and histories of several devices.

`python -m tests.people PAIRS SEED` looks for a disagreement of engine and oracle and ends with 1 at
the first one. It works in parts with seeds of their own, because Hypothesis remembers all that it
has drawn in one run.
"""

import json
import sys
from typing import Final

from hypothesis import strategies as st

from streamer.core.state.chain import FEW
from tests.cases import CUTS, LONG_RUN, Case, main
from tests.merges import asks_sequence
from tests.strategies import histories, rule_documents, untils
from tests.strategies.conditions import Draw
from tests.strategies.moves import POISON
from tests.strategies.words import Node

POLICIES: Final = ("last", "last", "first")
HISTORIES: Final = 3
IDS: Final[tuple[Node, ...]] = (
    *({"anonymous_id": device} for device in ("a1", "a1", "a1", "a2", "a2")),
    *({"user_id": user} for user in ("u1", "u1", "u2", "0")),
    {"user_id": "", "anonymous_id": "a1"},
    *(
        {"user_id": user, "anonymous_id": device}
        for user, device in (
            *(("u1", "a1"), ("u1", "a1"), ("u1", "a2"), ("u2", "a1"), ("u2", "a2")),
            *(("u1", "u1"), ("u1", "u2"), ("a1", "a2"), ("u1", "NULL"), ("0", "a1"), ("u1", "")),
        )
    ),
)
"""Who may have done something: devices, users, both; an id that is a device's and a user's."""


@st.composite
def cases(draw: Draw, number: int = HISTORIES) -> Case:
    """A rule set that joins ids, and histories that suit it; no long ones of a `sequence`.

    What a `sequence` cannot rearrange any more, it cannot join either.
    """
    documents = joining(draw(rule_documents()), draw(st.sampled_from(POLICIES)))
    told = []
    for _ in range(number):
        lines = draw(histories(documents))
        if asks_sequence(documents):
            lines = lines[:FEW]
        ids = draw(st.lists(st.sampled_from(IDS), min_size=len(lines), max_size=len(lines)))
        lines = [of(line, who) for line, who in zip(lines, ids, strict=True)]
        told.append((lines, draw(untils(documents, lines)), draw(st.none() | CUTS)))
    return Case(documents, told)


def joining(documents: list[Node], policy: str) -> list[Node]:
    """The documents with a header that joins ids."""
    head = next((one for one in documents if "ruleset" in one), {"ruleset": "shop"})
    rest = [one for one in documents if "ruleset" not in one]
    return [{**head, "identity": {"anonymous": policy}}, *rest]


def of(line: bytes, who: Node) -> bytes:
    """The same line from somebody else; what is no event is left as it is."""
    if line in POISON:
        return line
    record = json.loads(line)
    kept = {name: part for name, part in record.items() if name not in ("user_id", "anonymous_id")}
    return json.dumps({**kept, **who}).encode()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), cases(LONG_RUN), "joining rules and a history")
