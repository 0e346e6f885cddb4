"""A shop that was simulated into one file, and a server on it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from streamer.adapters.database import Database
from streamer.app.demo import Demo
from streamer.app.inputs import load_rules
from streamer.app.shipped import demo_rules
from streamer.simulation import Simulation
from streamer.types import DAY, Millis
from tests.serve.asking import Asking, asking

RULES = [str(path) for path in demo_rules()]


@pytest.fixture(scope="module")
def shop_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a shop after ten days."""
    return filled(tmp_path_factory.mktemp("shop") / "shop.db", 10 * DAY)


def filled(file: Path, lasting: Millis, rules: Sequence[str] = RULES, customers: int = 40) -> Path:
    """Let a shop go on for so long, in a file of its own."""
    with Database(file) as database:
        compiled = load_rules(rules).compiled
        shop = Demo(compiled, database, Simulation(seed=1, customers=customers))
        shop.advance(shop.began + lasting)
    return file


@pytest.fixture(scope="module")
def ask(shop_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    """A server on that shop."""
    with asking(shop_file, RULES, tmp_path_factory.mktemp("view")) as server:
        yield server
