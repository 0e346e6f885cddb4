"""The engine says what the oracle says of customers who have several ids.

`STREAMER_PROOF_PAIRS` is the number of pairs of a rule set and a history that are compared.
"""

import os

import pytest
from hypothesis import HealthCheck, given, settings

from tests.cases import Case, disagreement
from tests.people import HISTORIES, cases

pytestmark = pytest.mark.longer

PAIRS = int(os.environ.get("STREAMER_PROOF_PAIRS", "150"))


@settings(
    max_examples=max(1, PAIRS // HISTORIES),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(cases())
def test_the_engine_agrees_with_the_oracle_about_joined_histories(case: Case) -> None:
    assert disagreement(case) == ""
