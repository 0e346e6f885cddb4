"""What the strategies promise: documents that survive YAML, and histories that do happen."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tests.oracle import oracle_run
from tests.strategies import documents_to_yaml, histories, rule_documents
from tests.strategies.words import Node

# Only whether there is such a pair matters, not how small it can be made.
SEARCH = settings(
    max_examples=2_000,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
PAIRS = rule_documents().flatmap(lambda rules: st.tuples(st.just(rules), histories(rules)))
Pair = tuple[Sequence[Node], list[bytes]]


@given(rule_documents())
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_documents_come_back_from_yaml_as_they_were(documents: list[Node]) -> None:
    assert list(YAML(typ="safe", pure=True).load_all(documents_to_yaml(documents))) == documents


@pytest.mark.parametrize("kind", ["invalid", "late", "early", "duplicate"])
def test_every_kind_of_rejection_happens(kind: str) -> None:
    def happens(pair: Pair) -> bool:
        return kind in {said for _, said in oracle_run(*pair).rejected}

    find(PAIRS, happens, settings=SEARCH)


@pytest.mark.parametrize("direction", ["entered", "exited"])
def test_time_alone_moves_customers_in_and_out(direction: str) -> None:
    def happens(pair: Pair) -> bool:
        said = [change for changes in oracle_run(*pair).changes.values() for change in changes]
        return any((one["cause"], one["direction"]) == ("time", direction) for one in said)

    find(PAIRS, happens, settings=SEARCH)


def test_profiles_begin_anew() -> None:
    def happens(pair: Pair) -> bool:
        said = oracle_run(*pair).changes.values()
        return any(len({change["born"] for change in changes}) > 1 for changes in said)

    find(PAIRS, happens, settings=SEARCH)
