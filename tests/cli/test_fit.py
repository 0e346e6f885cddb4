"""`streamer fit`: the CDNOW customers from their file, and a model that rules can name."""

import re
from pathlib import Path

import orjson
import pytest

from streamer.instants import iso
from streamer.types import DAY, WEEK
from tests.analysis.fitting.shoppers import START, lines
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


def orders(*times_of_each: tuple[int, ...]) -> bytes:
    """Purchases, a tuple of instants for each customer."""
    found = [
        {"id": f"o-{u}-{n}", "name": "order_completed", "time": START + at, "user_id": f"u-{u}"}
        for u, times in enumerate(times_of_each)
        for n, at in enumerate(times)
    ]
    return b"".join(orjson.dumps(one) + b"\n" for one in found)


def test_the_verdict_is_in_words_and_the_file_says_on_what_it_was_fitted(tmp_path: Path) -> None:
    events, out = tmp_path / "shop.jsonl", tmp_path / "alive.yaml"
    events.write_bytes(lines(1_000, 60, 7))
    more = ("--until", iso(START + 40 * WEEK))
    result = run("fit", str(events), *more, "--model", "alive", "--out", str(out))
    assert result.exit_code == 0, result.output
    assert "\nVerdict: worth using. The model's error per customer is " in result.output
    assert 'on: "1,000 customers of shop.jsonl until 2026-10-08"' in out.read_text()


def test_a_model_that_says_the_same_of_everybody_is_refused_with_what_to_do(tmp_path: Path) -> None:
    events, out = tmp_path / "e.jsonl", tmp_path / "m.yaml"
    events.write_bytes(orders(*(tuple(u * DAY + n * WEEK for n in range(20)) for u in range(28))))
    result = run("fit", str(events), "--model", "alive", "--out", str(out))
    assert result.exit_code == 2
    assert "as if nobody ever left (a near 0)" in result.output
    assert "ask with `ago` how long the last purchase is past" in result.output
    assert not out.exists()


def test_lines_of_one_order_are_noticed(tmp_path: Path) -> None:
    events, out = tmp_path / "e.jsonl", tmp_path / "m.yaml"
    events.write_bytes(orders(*((u * DAY, u * DAY, u * DAY + 30_000) for u in range(40))))
    result = run("fit", str(events), "--model", "alive", "--out", str(out))
    assert result.exit_code == 2
    close = "80 of 120 purchases come at the same instant as another one of their customer"
    assert close in result.output
    assert result.output.rstrip().endswith("try --each day")


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


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        (("--out", "{events}"), "is read: name another file"),
        (("--out", "-", "--scores", "{events}"), "is read: name another file"),
        (("--out", "{model}", "--scores", "{model}"), "name two files"),
    ],
)
def test_a_fit_writes_over_no_events_and_nothing_twice(
    tmp_path: Path, outputs: tuple[str, ...], said: str
) -> None:
    events, model = tmp_path / "e.jsonl", tmp_path / "m.yaml"
    events.write_bytes(lines(100, 40, 5))
    named = [one.format(events=events, model=model) for one in outputs]
    result = run("fit", str(events), "--model", "churn", *named)
    assert result.exit_code == 2
    assert said in result.stderr
    assert events.read_bytes() == lines(100, 40, 5)
    assert not model.exists()


def test_models_of_ones_own_stand_where_the_shipped_rules_ask_for_them(tmp_path: Path) -> None:
    events, rules = tmp_path / "e.jsonl", tmp_path / "rules"
    told = [orjson.loads(line) for line in lines(300, 60, 7).splitlines()]
    for number, one in enumerate(told):
        one["properties"] = {"revenue": 20 + number % 90}
    events.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in told))
    shop = ("--currency", "GBP", "--zone", "Europe/London", "--kinds", "predictive")
    assert run("init", str(rules), *shop).exit_code == 0
    (rules / "predictive" / "alive.yaml").unlink()
    (rules / "predictive" / "order_value.yaml").unlink()
    named = ("--model", "alive", "--value", "revenue", "--value-model", "order_value")
    result = run("fit", str(events), *named, "--out", str(rules / "predictive" / "models.yaml"))
    assert result.exit_code == 0, result.output
    for command in ("check", "test"):
        done = run(command, str(rules))
        assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--value-model", "worth"), "a model of the value of a purchase needs --value PROPERTY"),
        (("--value", "total", "--value-model", "churn"), "two models cannot both be churn"),
        (("--value", "total", "--value-model", "W"), '"W" is no name'),
        ((), "2 of 3 lines were not accepted, the first"),
    ],
)
def test_an_error_says_what_to_do_and_what_was_not_accepted(
    tmp_path: Path, more: tuple[str, ...], said: str
) -> None:
    events = tmp_path / "e.jsonl"
    events.write_bytes(orders((0,)) + b"no event\n{}\n")
    result = run("fit", str(events), "--model", "churn", "--out", "-", *more)
    assert result.exit_code == 2
    assert said in result.stderr
