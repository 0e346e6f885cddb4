"""The same events and rules say the same and keep the same bytes, in every process."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from streamer.codecs.changes import encode_change
from tests.core.shopper import Shopper, segment
from tests.core.test_bounds import QUESTIONS, WINDOW, adversary

ROOT = Path(__file__).parents[2]


def digest() -> str:
    """A digest of all that is said and kept of one lively customer."""
    shopper = Shopper(*(segment(one, f"s{n}") for n, one in enumerate(QUESTIONS)))
    said = sha256(shopper.rules.version.encode())
    for event in adversary(4, 120):
        decision = shopper.decides(event)
        said.update(b"".join(map(encode_change, decision.changes)))
        said.update(repr((decision.outcome, decision.overflows)).encode())
        said.update(shopper.bytes)
    said.update(repr(shopper.waits(10 * WINDOW)).encode())
    return said.hexdigest()


def test_nothing_depends_on_the_seed_of_hashes() -> None:
    program = "from tests.core.test_determinism import digest; print(digest())"
    told = {
        subprocess.run(  # noqa: S603  our own program
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "4242")
    }
    assert told == {digest() + "\n"}
