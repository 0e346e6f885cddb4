"""The engine says what the oracle says, for random rule sets and histories, however work is cut up.

`STREAMER_PROOF_PAIRS` is the number of pairs of a rule set and a history that are compared.
"""

import os
from dataclasses import dataclass

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.engine import Answer, Cut, compiled, engine_run
from tests.oracle import oracle_run
from tests.strategies import Until, documents_to_yaml, histories, rule_documents, untils
from tests.strategies.conditions import Draw
from tests.strategies.words import Node

PAIRS = int(os.environ.get("STREAMER_PROOF_PAIRS", "300"))
HISTORIES = 2
CUTS = st.builds(
    Cut,
    batch=st.sampled_from([500, 1, 2, 3, 7]),
    wakes=st.sampled_from([5_000, 1, 2]),
    cache=st.sampled_from([1_000, 0, 1]),
    sweeps=st.sampled_from([1, 2, 7]),
)


@dataclass(frozen=True)
class Case:
    """One rule set and several histories of it."""

    documents: list[Node]
    histories: list[tuple[list[bytes], Until, Cut | None]]


@st.composite
def cases(draw: Draw) -> Case:
    """A rule set, histories that suit it, how far time goes, and how the work is cut up."""
    documents = draw(rule_documents())
    told = []
    for _ in range(HISTORIES):
        lines = draw(histories(documents))
        told.append((lines, draw(untils(documents, lines)), draw(st.none() | CUTS)))
    return Case(documents, told)


@settings(
    max_examples=max(1, PAIRS // HISTORIES),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(cases())
def test_the_engine_agrees_with_the_oracle(case: Case) -> None:
    text = documents_to_yaml(case.documents)
    rules = compiled(text)
    for lines, until, cut in case.histories:
        judged = oracle_run(case.documents, lines, until)
        answer = engine_run(rules, lines, until, cut)
        if answer.changes != judged.changes or answer.rejected != judged.rejected:
            history = "\n".join(line.decode("utf-8", "replace") for line in lines)
            note(f"{text}\n{history}\nuntil {until}, {cut}")
        assert answer.rejected == judged.rejected
        assert answer.changes == judged.changes


def test_rules_of_which_none_is_enabled_accept_events_and_say_nothing() -> None:
    off: Node = {"segment": "off", "purpose": "To be compared.", "when": {"performed": "any"}}
    rules = compiled(documents_to_yaml([{**off, "settings": {"enabled": False}}]))
    line = b'{"id": "e", "name": "page_viewed", "time": 1767225600000, "user_id": "c"}'
    assert engine_run(rules, [line]) == Answer({}, [])
