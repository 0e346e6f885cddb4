"""`streamer init`: shipped rules in a folder of one's own that pass `check` and `test`."""

from pathlib import Path

import pytest

from streamer.app.own_rules import kinds
from tests.cli.shop import run

SHIPPED_NEIGHBOURS = (
    "  - neighbours: {trait: country, in: [AT, CH, FR, LU, BE, NL, DK, PL, CZ]} "
    "# the shop's neighbours"
)


def made(folder: Path, *more: str, currency: str = "RON", zone: str = "Europe/Bucharest") -> Path:
    """Make rules in a new folder."""
    result = run("init", str(folder), "--currency", currency, "--zone", zone, *more)
    assert result.exit_code == 0, result.stderr
    return folder


@pytest.mark.parametrize(
    ("currency", "zone"),
    [("RON", "Europe/Bucharest"), ("CHF", "America/New_York"), ("JPY", "Asia/Tokyo")],
)
def test_the_copy_passes_its_tests(tmp_path: Path, currency: str, zone: str) -> None:
    folder = made(tmp_path / "own", currency=currency, zone=zone)
    result = run("test", str(folder), "--quiet")
    assert result.exit_code == 0, result.stdout


def test_rules_and_tests_have_the_currency_the_header_the_zone(tmp_path: Path) -> None:
    folder = made(tmp_path / "own")
    texts = {file.name: file.read_text() for file in folder.rglob("*.yaml")}
    assert not any("currency: EUR" in text or "$schema" in text for text in texts.values())
    assert "at_least: 1000" in texts["customer_value.yaml"]
    assert "currency: CHF" in texts["big_spender.yaml"]
    header = texts["shop.yaml"]
    assert "zone: Europe/Bucharest " in header
    assert "only what is paid in RON counts" in header


@pytest.mark.parametrize("joining", ["last", "first"])
def test_visitors_become_users_if_that_is_asked_for(tmp_path: Path, joining: str) -> None:
    folder = made(tmp_path / "own", "--identity", joining)
    header = (folder / "shop.yaml").read_text()
    assert f"\nidentity: {{anonymous: {joining}}}" in header
    assert "zone: Europe/Bucharest " in header
    result = run("test", str(folder), "--quiet")
    assert result.exit_code == 0, result.stdout


@pytest.mark.parametrize("kind", kinds())
def test_each_kind_comes_with_what_it_refers_to(tmp_path: Path, kind: str) -> None:
    folder = made(tmp_path / "own", "--kinds", kind)
    result = run("check", str(folder))
    assert result.exit_code == 0, result.stdout
    assert (folder / kind).is_dir()


def test_what_came_along_and_what_has_amounts_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    arguments = ("init", str(folder), "--currency", "GBP", "--zone", "Europe/London")
    said = run(*arguments, "--kinds", "user_status,value").stdout
    assert "set the amounts to what is much in GBP:" in said
    assert str(folder / "value" / "customer_value.yaml") in said
    assert not (folder / "journey").exists()


@pytest.mark.parametrize(
    ("zone", "more", "country"),
    [
        ("Europe/Bucharest", (), "RO"),
        ("Europe/London", (), "GB"),
        ("Europe/Oslo", (), "NO"),
        ("Europe/Kiev", (), "UA"),  # a name of the past
        ("Asia/Tokyo", (), "JP"),  # which a test of market has for a country far away
        ("Europe/Vienna", (), "AT"),  # a neighbour in the shipped rule
        ("Europe/Berlin", ("--country", "CH"), "CH"),
        ("UTC", ("--country", "FR"), "FR"),
    ],
)
def test_home_is_where_the_shop_is(
    tmp_path: Path, zone: str, more: tuple[str, ...], country: str
) -> None:
    folder = made(tmp_path / "own", "--kinds", "geographic", *more, zone=zone)
    market = (folder / "geographic" / "market.yaml").read_text()
    assert f"- home: {{trait: country, is: {country}}}" in market
    assert f"{country}, " not in market.partition("tests:")[0]
    assert f"not_in: [{country}]" in (folder / "geographic" / "delivery_abroad.yaml").read_text()
    result = run("test", str(folder), "--quiet")
    assert result.exit_code == 0, result.stdout


def test_lines_with_what_only_the_shop_can_say_are_named(tmp_path: Path) -> None:
    arguments = ("--currency", "GBP", "--kinds", "geographic")
    said = run("init", str(tmp_path / "own"), "--zone", "Europe/London", *arguments).stdout
    market = tmp_path / "own" / "geographic" / "market.yaml"
    line = market.read_text().splitlines().index(SHIPPED_NEIGHBOURS) + 1
    assert "zone Europe/London, country GB" in said
    assert f"{market}:{line}: neighbours" in said
    assert f"{market}:{line - 1}: country" not in said
    nowhere = run("init", str(tmp_path / "none"), "--zone", "UTC", *arguments).stdout
    assert f"{tmp_path / 'none' / 'geographic' / 'market.yaml'}:{line - 1}: country" in nowhere


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--currency", "ron"), "ron is no currency code"),
        (
            ("--zone", "Europe/Bukarest"),
            'no such time zone: "Europe/Bukarest": did you mean "Europe/Bucharest"?',
        ),
        (("--zone", "localtime"), 'no such time zone: "localtime": write UTC'),
        (("--country", "UK"), "UK is no country code: write GB or VG"),
        (("--country", "ro"), "ro is no country code: write RO"),
        (("--country", "Roumanie"), "Roumanie is no country code: write two capitals such as DE"),
        (("--kinds", "valeu"), "no kind valeu among the shipped rules: did you mean value?"),
    ],
)
def test_wrong_words_write_nothing(tmp_path: Path, more: tuple[str, str], said: str) -> None:
    folder = tmp_path / "own"
    arguments = ("init", str(folder), "--currency", "RON", "--zone", "Europe/Bucharest", *more)
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not folder.exists()


def test_a_folder_that_is_not_empty_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("mine")
    result = run("init", str(tmp_path), "--currency", "RON", "--zone", "Europe/Bucharest")
    assert result.exit_code == 2
    assert f"{tmp_path} is not empty" in result.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["mine.yaml"]
