"""The file of endpoints: what it may say, and the clear error for what it may not."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from streamer.cli import main
from streamer.errors import UsageError
from streamer.webhooks.settings import PAUSES, Endpoint, read_endpoints
from tests.webhooks.changes import change
from tests.webhooks.hooks import SECOND_SECRET, SECRET

WHOLE = """\
[endpoints.crm]
url = "https://crm.example/hooks"
secrets = ["env:CRM"]
"""


def read(text: str, folder: Path) -> tuple[Endpoint, ...]:
    path = folder / "webhooks.toml"
    path.write_text(text, encoding="utf-8")
    return read_endpoints(path, {"CRM": SECRET, "SHORT": "whsec_c2hvcnQ=", "BAD": "not base64"})


def test_what_is_not_said_is_as_usual(tmp_path: Path) -> None:
    (endpoint,) = read(WHOLE, tmp_path)
    assert endpoint == Endpoint("crm", "https://crm.example/hooks", (SECRET,))
    assert endpoint.pauses == PAUSES
    assert SECRET not in repr(endpoint)


def test_secrets_come_from_files_and_the_environment(tmp_path: Path) -> None:
    (tmp_path / "old").write_text(f"{SECOND_SECRET}\n", encoding="utf-8")
    text = WHOLE.replace('"env:CRM"', f'"env:CRM", "file:{tmp_path / "old"}"')
    assert read(text, tmp_path)[0].secrets == (SECRET, SECOND_SECRET)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('url = "http://crm.example"', "must be https"),
        ('url = "https://u:p@crm.example"', "without user or password"),
        ('url = "ftp://crm.example"', "must be https"),
        ('url = "crm.example"', "must be https"),
        ("url = 7", "needs url"),
        ('secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]', "never the secret itself"),
        ('secrets = ["env:NONE"]', "the environment has no NONE"),
        ('secrets = ["file:/nowhere"]', "/nowhere cannot be read"),
        ('secrets = ["env:SHORT"]', "24 to 64 bytes"),
        ('secrets = ["env:BAD"]', "24 to 64 bytes"),
        ("secrets = []", "every request is signed"),
        ('segments = ["No Segment"]', "'No Segment' is not a segment's key"),
        ('directions = ["in"]', "'in' is not entered or exited"),
        ('payload = "small"', "one of full, thin"),
        ('retries = ["5 parsecs"]', "a duration such as 30s"),
        ("retries = 5", "a list of texts"),
        ('retries = ["40d"]', "at most 30 days"),
        ("timeout = 30", "a duration such as 30s"),
        ("connections = 0", "a whole number, from 1"),
        ('holdout = "no"', "true or false"),
        ("breaker = {share = 2}", "share must be a number above 0"),
        ("breaker = {most = 2}", "unknown setting most"),
        ('urls = "https://crm.example"', "unknown setting urls"),
    ],
)
def test_what_cannot_be_is_named(line: str, said: str, tmp_path: Path) -> None:
    name = line.partition(" ")[0]
    kept = [each for each in WHOLE.splitlines() if not each.startswith(f"{name} ")]
    with pytest.raises(UsageError) as caught:
        read("\n".join([*kept, line]), tmp_path)
    assert said in str(caught.value)
    assert "crm" in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no endpoints"),
        ("[endpoints]\n", "has no endpoints"),
        ("endpoints = 5\n", "must be a table"),
        ("[crm]\n", "unknown setting crm"),
        ("[endpoints.crm\n", "cannot be read"),
        (WHOLE.replace("crm]", '"C R M"]'), "small letters"),
    ],
)
def test_a_file_that_is_none_is_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        read(text, tmp_path)


def test_plain_http_and_any_address_are_for_hosts_that_are_allowed(tmp_path: Path) -> None:
    text = 'allow = ["CRM.example"]\n' + WHOLE.replace("https", "http")
    assert read(text, tmp_path)[0].allowed


def test_an_endpoint_wants_what_its_filters_let_through(tmp_path: Path) -> None:
    lines = 'segments = ["cart_abandoner", "engagement"]\ndirections = ["entered"]\n'
    (endpoint,) = read(WHOLE + lines, tmp_path)
    assert endpoint.wants(change("a"))
    assert endpoint.wants(change("a", segment="engagement.active", ladder="engagement"))
    assert not endpoint.wants(change("a", segment="vip"))
    assert not endpoint.wants(change("a", direction="exited"))
    assert not endpoint.wants(change("a", holdout=True))
    (endpoint,) = read(WHOLE + "holdout = true\n", tmp_path)
    assert endpoint.wants(change("a", holdout=True))


@pytest.mark.parametrize(
    ("window", "said"),
    [
        (("--to", "now"), "--to needs --from"),
        (("--from", "2026-01-05T10:00:00Z", "--to", "2026-01-05T09:00:00Z"), "--to is before"),
    ],
)
def test_a_window_that_is_none_is_refused(
    tmp_path: Path, window: tuple[str, ...], said: str
) -> None:
    config = tmp_path / "webhooks.toml"
    config.write_text(WHOLE, encoding="utf-8")
    done = CliRunner().invoke(main, ["react", "webhooks", "--config", str(config), *window])
    assert done.exit_code == 2
    assert said in done.output
