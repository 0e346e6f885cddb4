"""`streamer fit`: the CDNOW customers from their file, and a model that rules can name."""

import re
from pathlib import Path

import orjson
import pytest

from tests.analysis.fitting.shoppers import lines
from tests.cli.shop import run

ROOT = Path(__file__).parents[2]
CDNOW = ROOT.parent / "shared" / "data" / "cdnow" / "CDNOW_sample.txt"
RULE = """
segment: leaving
purpose: Win them back before they are gone.
when: {predicted: churn, below: 30%}
"""


@pytest.mark.skipif(not CDNOW.exists(), reason="needs ../shared/data/cdnow")
def test_the_published_figures_come_from_the_file_of_purchases(tmp_path: Path) -> None:
    out = tmp_path / "churn.yaml"
    mapping = str(ROOT / "schemas" / "mappings" / "cdnow.yaml")
    until = "1997-09-30T00:00:00Z"
    arguments = ["fit", str(CDNOW), "--map", mapping, "--each", "day", "--until", until]
    result = run(*arguments, "--model", "churn", "--out", str(out))
    assert result.exit_code == 0, result.output
    model = out.read_text()
    assert "{r: 0.242595, alpha: 4.4136, a: 0.792922, b: 2.42591}" in model
    assert "customers: 2357\n  purchases: 4814\n  log_likelihood: -9582.4" in model
    assert "2,357 customers made 1,882 purchases" in result.output
    assert "BG/NBD                            1,653      1.608" in result.output
    assert "repeat the past                   2,930      2.212" in result.output
    assert "recency threshold                 1,164      1.922" in result.output


def test_a_model_is_written_for_rules_and_customers_are_scored(tmp_path: Path) -> None:
    events, out, scores = (tmp_path / name for name in ("e.jsonl", "churn.yaml", "scores.jsonl"))
    events.write_bytes(lines(400, 40, 5))
    (tmp_path / "rule.yaml").write_text(RULE)
    result = run(
        *("fit", str(events), "--model", "churn", "--out", str(out), "--scores", str(scores))
    )
    assert result.exit_code == 0, result.output
    assert "judged is fitted on the rest alone" in result.output
    assert run("check", str(tmp_path)).exit_code == 0
    standings = [orjson.loads(line) for line in scores.read_bytes().splitlines()]
    assert len(standings) == 400
    assert standings[0].keys() == {"customer", "purchases", "alive", "expected", "value"}
    assert standings[0]["value"] is None
    assert all(0 < one["alive"] <= 1 and one["expected"] >= 0 for one in standings)


@pytest.mark.skipif(not CDNOW.exists(), reason="needs ../shared/data/cdnow")
def test_the_value_of_a_purchase_is_a_second_model_in_the_file(tmp_path: Path) -> None:
    out, scores = tmp_path / "churn.yaml", tmp_path / "scores.jsonl"
    mapping = str(ROOT / "schemas" / "mappings" / "cdnow.yaml")
    arguments = ["fit", str(CDNOW), "--map", mapping, "--each", "day", "--value", "revenue"]
    arguments += ["--until", "1997-09-30T00:00:00Z", "--scores", str(scores)]
    result = run(*arguments, "--model", "churn", "--out", str(out))
    assert result.exit_code == 0, result.output
    (tmp_path / "rule.yaml").write_text(RULE.replace("churn, below: 30%", "churn_value, below: 30"))
    checked = run("check", str(tmp_path))
    assert checked.exit_code == 0, checked.output
    first = orjson.loads(scores.read_bytes().splitlines()[0])
    written = re.search(r"p: (\S+), q: (\S+), v: (\S+)}", out.read_text())
    assert written is not None
    p, q, v = map(float, written.groups())
    # of all purchases, the first ones too
    for value, found in zip((p, q, v), (9.881, 3.399, 7.929), strict=True):
        assert value == pytest.approx(found, rel=1e-3)
    assert first["value"] == pytest.approx(p * (v + 29.33 + 29.73 + 14.96) / (p * 3 + q - 1))


def test_the_model_alone_goes_to_standard_output(tmp_path: Path) -> None:
    events = tmp_path / "e.jsonl"
    events.write_bytes(lines(100, 40, 5))
    result = run("fit", str(events), "--model", "churn", "--out", "-")
    assert result.stdout.startswith("# Written by streamer fit.")
    assert "log_likelihood" in result.stdout
    assert "foretold by" not in result.stdout
    assert "foretold by" in result.stderr


def test_what_is_wrong_is_said_in_one_line_and_nothing_is_written(tmp_path: Path) -> None:
    events, out = tmp_path / "e.jsonl", tmp_path / "m.yaml"
    events.write_bytes(lines(100, 40, 5))
    result = run("fit", str(events), "--purchase", "paid", "--model", "churn", "--out", str(out))
    assert result.exit_code == 2
    assert "no purchase among the events: none is paid" in result.output
    assert not out.exists()
