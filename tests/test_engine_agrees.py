"""The engine says what the oracle says, for random rule sets and histories, however work is cut up.

`STREAMER_PROOF_PAIRS` is the number of pairs of a rule set and a history that are compared.
"""

import os

import pytest
from hypothesis import HealthCheck, given, settings

from tests.cases import HISTORIES, Case, cases, disagreement
from tests.engine import Answer, compiled, engine_run
from tests.oracle import oracle_run
from tests.strategies import documents_to_yaml
from tests.strategies.words import Node

pytestmark = pytest.mark.longer

PAIRS = int(os.environ.get("STREAMER_PROOF_PAIRS", "300"))


@settings(
    max_examples=max(1, PAIRS // HISTORIES),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(cases())
def test_the_engine_agrees_with_the_oracle(case: Case) -> None:
    assert disagreement(case) == ""


@settings(
    max_examples=max(1, PAIRS // (4 * HISTORIES)),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(cases())
def test_the_oracle_says_the_same_when_time_asks_only_rules_with_that_duration(case: Case) -> None:
    for told, until, _ in case.histories:
        whole = oracle_run(case.documents, told, until)
        assert oracle_run(case.documents, told, until, by_durations=True) == whole


def test_rules_of_which_none_is_enabled_accept_events_and_say_nothing() -> None:
    off: Node = {"segment": "off", "purpose": "To be compared.", "when": {"performed": "any"}}
    rules = compiled(documents_to_yaml([{**off, "settings": {"enabled": False}}]))
    line = b'{"id": "e", "name": "page_viewed", "time": 1767225600000, "user_id": "c"}'
    assert engine_run(rules, [line]) == Answer({}, [])
