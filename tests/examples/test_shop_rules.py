"""The rules of the examples keep what their tests say."""

from pathlib import Path

from tests.cli.shop import run

SHOP = Path(__file__).parents[2] / "examples" / "shop"


def test_the_rules_of_the_shop_pass_their_tests() -> None:
    assert run("check", str(SHOP / "rules")).exit_code == 0
    done = run("test", str(SHOP / "rules"))
    assert done.exit_code == 0, done.output
    assert "4 passed" in done.output
