"""A merged profile says what the profile of the whole history says, however it was split.

For random rule sets and histories of one customer, and random splits of those: each part is folded
alone, stored and read back, and both are merged. `STREAMER_PROOF_PAIRS` is the number of splits.
"""

import os

import pytest
from hypothesis import HealthCheck, given, settings

from tests.merges import SPLITS, Case, cases, disagreement

pytestmark = pytest.mark.longer

PAIRS = int(os.environ.get("STREAMER_PROOF_PAIRS", "300"))


@settings(
    max_examples=max(1, PAIRS // SPLITS),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(cases())
def test_merge_of_the_parts_is_the_whole(case: Case) -> None:
    assert disagreement(case)[1] == ""
