"""Everything known of a customer of the embedded default, which needs no server."""

import json
from pathlib import Path

from streamer.adapters.database import Database
from tests.cli.shop import run


def test_a_customer_of_the_demo_is_exported(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    made = run("demo", "--seconds", "0.3", "--speed", "864000", "--file", str(file))
    assert made.exit_code == 0, made.output
    with Database(file) as database:
        ((customer,),) = database.rows("SELECT customer FROM memberships LIMIT 1")
    done = run("export", customer, "--reason", "request 21", "--sqlite", str(file))
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["customer_id"] == customer
    assert told["profile"]["segments"]
    assert all(one["sources"] and one["purposes"] for one in told["profile"]["data"])
    nobody = run("export", "nobody", "--reason", "request 21", "--sqlite", str(file))
    assert "nothing is known" in nobody.stderr
    assert "profile" not in json.loads(nobody.stdout)
