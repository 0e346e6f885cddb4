"""`--map`: what shops send goes through the rules, and what does not fit is named."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.shop import read, run, shop
from tests.mapping import shops

DAY_ONE = 1_767_225_600_000_000


def request(device: str, at: int, *events: Mapping[str, object]) -> bytes:
    return json.dumps(
        {"client_id": device, "timestamp_micros": DAY_ONE + at * 1_000_000, "events": events}
    ).encode()


def test_requests_of_ga4_go_through_the_rules(tmp_path: Path) -> None:
    cart = {"name": "add_to_cart", "params": {"items": [{"item_id": "shoe-1"}]}}
    bought = {"name": "purchase", "params": {"transaction_id": "T-1"}}
    events, rules = shop(
        tmp_path,
        request("1.1", 0, {"name": "page_view"}, cart),
        request("2.2", 1, cart, bought),
        request("2.2", 1, cart, bought),  # sent twice
        request("1.1", 3_600, {"name": "scroll"}, {"name": "level_up"}),
        b"no JSON",
        b'{"client_id": "1.1"}',
    )
    out, rejected = tmp_path / "changes.jsonl", tmp_path / "rejected.jsonl"
    arguments = ["replay", events, "--rules", rules, "--map", "ga4", "--format", "json"]
    result = run(*arguments, "--out", str(out), "--rejected", str(rejected))
    assert (result.exit_code, result.stderr) == (0, "")
    facts = json.loads(result.stdout)
    assert (facts["lines"], facts["applied"], facts["duplicate"]) == (10, 5, 2)
    abandoned = [one for one in read(out) if one["segment"] == "cart_abandoner"]
    assert [(one["customer_id"], one["at"]) for one in abandoned] == [
        ("1.1", "2026-01-01T00:30:00.000Z"),
        ("1.1", "2026-01-01T01:00:00.000Z"),
    ]
    said = [(one["line"], one["reason"], one["path"]) for one in read(rejected)]
    assert [one for one in said[2:] if one[0] != 5] == [
        (
            4,
            "event 2 of 2: name 'level_up' is none of the values that the mapping translates",
            "/properties/name",
        ),
        (6, "no event: events is not there", ""),
    ]
    assert [one["kind"] for one in read(rejected)[:2]] == ["duplicate", "duplicate"]
    assert [one[1][:8] for one in said if one[0] == 5] == ["not JSON"]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("ga4_export", shops.EXPORTED),
        ("shopify_webhooks", shops.ORDER),
        ("shopify_pixels", shops.PIXEL_ADDED),
        ("snowplow", shops.SNOWPLOW_TRANSACTION),
        ("woocommerce", shops.WOO_ORDER),
    ],
)
def test_every_shop_has_a_mapping_of_its_name(tmp_path: Path, name: str, line: object) -> None:
    events, rules = shop(tmp_path, json.dumps(line).encode())
    result = run("replay", events, "--rules", rules, "--map", name)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "1 line read, 1 applied" in result.stdout


@pytest.mark.parametrize("name", ["orders.csv", "Orders.CSV.gz", "orders.tsv"])
def test_a_table_without_a_mapping_is_refused(tmp_path: Path, name: str) -> None:
    _, rules = shop(tmp_path)
    (tmp_path / name).write_bytes(b"id,name\n1,product_viewed\n")
    result = run("replay", str(tmp_path / name), "--rules", rules)
    assert result.exit_code == 2
    assert result.stderr.endswith(f"{name} is a table: say with --map what its columns mean\n")


def test_a_name_that_is_no_mapping_is_told_the_nearest(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, b"{}")
    result = run("replay", events, "--rules", rules, "--map", "shopify_pixel")
    assert result.exit_code == 2
    assert "shopify_pixel is no file, and no mapping of that name is shipped" in result.stderr
    assert "did you mean shopify_pixels?" in result.stderr
    result = run("replay", events, "--rules", rules, "--map", "x")
    assert "there are cdnow, ga4, ga4_export, online_retail" in result.stderr


def test_a_path_that_is_probably_mistyped_is_a_warning_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = {"id": "1", "at": "2026-01-01T00:00Z", "who": "u-1", "order": {"price": 5}}
    events, rules = shop(tmp_path, json.dumps(line).encode())
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "input: json\nid: id\nname: {value: product_added}\ntime: at\nuser_id: who\n"
        "properties: {price: order.prize}\n"
    )
    monkeypatch.chdir(tmp_path)
    result = run("replay", events, "--rules", rules, "--map", "./mapping.yaml")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        'mapping.yaml:6:21: warning: no line so far has "order.prize": did you mean "price"?',
        "  properties: {price: order.prize}",
        "                      ^",
    ]
