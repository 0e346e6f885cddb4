"""Cases for the engine and its oracle: a rule set, histories that suit it, and how work is cut up.

`python -m tests.cases PAIRS SEED` looks for a disagreement and ends with 1 at the first one; it
shrinks nothing, which makes it quick at telling a wrong build from a right one. It works in parts
with seeds of their own, because Hypothesis remembers all that it has drawn in one run.
"""

import sys
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.engine import Cut, compiled, engine_run
from tests.oracle import oracle_run
from tests.strategies import Until, documents_to_yaml, histories, rule_documents, untils
from tests.strategies.conditions import Draw
from tests.strategies.words import Node

HISTORIES = 2
LONG_RUN = 5
"""Histories of each rule set in a long run: a rule set takes longer to draw and read than they."""
PART = 1_000
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
def cases(draw: Draw, number: int = HISTORIES) -> Case:
    """A rule set, histories that suit it, how far time goes, and how the work is cut up."""
    documents = draw(rule_documents())
    told = []
    for _ in range(number):
        lines = draw(histories(documents))
        told.append((lines, draw(untils(documents, lines)), draw(st.none() | CUTS)))
    return Case(documents, told)


def disagreement(case: Case) -> str:
    """The first history on which engine and oracle differ, as a person reads it; empty if none."""
    text = documents_to_yaml(case.documents)
    rules = compiled(text)
    for lines, until, cut in case.histories:
        judged = oracle_run(case.documents, lines, until)
        answer = engine_run(rules, lines, until, cut)
        if answer.changes != judged.changes or answer.rejected != judged.rejected:
            history = "\n".join(line.decode("utf-8", "replace") for line in lines)
            return (
                f"{text}\n{history}\nuntil {until}, {cut}\n"
                f"oracle: {judged.changes}\n        {judged.rejected}\n"
                f"engine: {answer.changes}\n        {answer.rejected}"
            )
    return ""


def main(pairs: int, number: int, drawn: st.SearchStrategy[Case], what: str) -> None:
    """Compare so many pairs, drawn from a numbered seed, and say so after each part.

    `drawn` has `LONG_RUN` histories in each case; `what` names a pair.
    """
    for start in range(0, pairs, PART):
        done = min(pairs, start + PART)
        compare(done - start, number * 1_000_000 + start, drawn)
        sys.stdout.write(f"{done:,} pairs of {what}: no difference\n")
        sys.stdout.flush()


def compare(pairs: int, number: int, drawn: st.SearchStrategy[Case]) -> None:
    """Compare so many pairs, drawn from a seed; the first disagreement is raised."""

    @seed(number)
    @settings(
        max_examples=max(1, pairs // LONG_RUN),
        database=None,
        deadline=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn)
    def agree(case: Case) -> None:
        found = disagreement(case)
        assert not found, found

    agree()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), cases(LONG_RUN), "a rule set and a history")
