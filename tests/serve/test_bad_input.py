"""Whatever is asked, the answer is clear and nothing leaks."""

import socket
from pathlib import Path
from urllib.parse import quote

import jsonschema_rs
import pytest

from streamer.errors import UsageError
from streamer.serve.answer_schemas import answer_schemas
from streamer.serve.server import Access, ServerOptions
from streamer.serve.tokens import Token, Tokens, read_tokens
from tests.serve.asking import Asking, asking
from tests.serve.conftest import RULES

POISON_IDS = [
    "",
    ".",
    "..",
    " ",
    "%",
    "%00",
    "a/b",
    "a%2Fb",
    "a?b#c",
    "a:b",
    "{a}",
    "*",
    "'; DROP TABLE customers; --",
    '"><script>alert(1)</script>',
    "__proto__",
    "constructor",
    "\u202e\u2066",
    "\U0001f9d1\u200d\U0001f680",
    "e\u0301",
    "Ω" * 256,
    "x" * 257,
    "\x00",
    "a\r\nSet-Cookie: b=c",
    "0",
    "-1",
    "1e309",
    "9" * 30,
]
SECRET = "0123456789abcdef-secret"  # noqa: S105 (of the tests)


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/nowhere", 404, "not-found"),
        ("/page/../server.py", 404, "not-found"),
        ("/page/%2e%2e/server.py", 404, "not-found"),
        ("/v1/segments/nonsense", 404, "unknown-segment"),
        ("/v1/segments/nonsense/members", 404, "unknown-segment"),
        ("/v1/segments/engagement/members", 400, "bad-request"),
        ("/v1/segments/cart_abandoner/members?cursor=AAAA", 400, "bad-request"),
        ("/v1/segments/cart_abandoner/members?cursor=%C3%A4", 400, "bad-request"),
        ("/v1/segments/cart_abandoner/members?limit=0", 400, "bad-request"),
        ("/v1/segments/cart_abandoner/members?limit=1e9", 400, "bad-request"),
        ("/v1/segments/cart_abandoner/members?limit=5&limit=6", 400, "bad-request"),
        ("/v1/segments/cart_abandoner/members?limt=5", 400, "bad-request"),
        ("/v1/sizes?bucket=2h", 400, "bad-request"),
        ("/v1/sizes?from=yesterday", 400, "bad-request"),
        ("/v1/sizes?from=1991-01-01T00:00:00Z", 400, "bad-request"),
        ("/v1/sizes?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", 400, "bad-request"),
        ("/v1/changes?direction=sideways", 400, "bad-request"),
        ("/v1/changes?token=secret", 400, "bad-request"),
        ("/v1/changes/stream?segment=nonsense", 404, "unknown-segment"),
        ("/v1/customers/nobody", 404, "unknown-customer"),
        ("/v1/customers/nobody/outlook", 404, "unknown-customer"),
        ("/v1/customers/nobody/segments/cart_abandoner", 404, "unknown-customer"),
        ("/v1/customers/%FF", 400, "bad-request"),
        ("/v1/customers/%ED%A0%80", 400, "bad-request"),
        ("/v1/customers/a%00b", 400, "bad-request"),
        ("/v1/customers/a%0Ab", 400, "bad-request"),
        ("/v1/customers/" + "x" * 1_000, 400, "bad-request"),
        ("/v1/customers/" + quote("<script>alert(1)</script>", safe=""), 404, "unknown-customer"),
        ("/v1/customers/..%2F..%2Fetc%2Fpasswd", 404, "unknown-customer"),
    ],
)
def test_a_question_that_cannot_be_answered_is_a_problem(
    ask: Asking, path: str, status: int, kind: str
) -> None:
    answer = ask(path)
    assert answer.status == status
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.body["type"] == f"urn:streamer:problem:{kind}"
    jsonschema_rs.validator_for(answer_schemas()["Problem"]).validate(answer.body)
    assert "script" not in answer.body["detail"]


def test_nothing_but_reading_is_allowed(ask: Asking) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = ask("/v1/segments", method)
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET, HEAD"


def test_no_answer_lets_pages_of_others_read_it(ask: Asking) -> None:
    answer = ask("/v1/segments", Origin="https://elsewhere.example")
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert ask("/v1/segments", Host="elsewhere.example").status == 403


def test_the_page_runs_no_script_but_its_own(ask: Asking) -> None:
    answer = ask("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert ask("/", If_None_Match=answer.headers["ETag"]).status == 304
    document = ask("/openapi.json")
    assert ask("/openapi.json", If_None_Match=document.headers["ETag"]).status == 304


def test_a_header_of_ten_megabytes_and_half_a_request_harm_nobody(ask: Asking) -> None:
    host, port = ask.server.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 30) as slow:
        slow.sendall(b"GET /v1/segments HTTP/1.1\r\nHost: local")  # and never more
        with socket.create_connection((host, int(port)), 30) as large:
            answer = b""
            try:
                large.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 10_000_000)
                answer = large.recv(100)
            except ConnectionError:
                pass
            assert not answer or answer.startswith(b"HTTP/1.1 400")
        assert ask("/v1/segments").status == 200


def test_a_request_that_never_ends_is_cut_off(shop_file: Path, tmp_path: Path) -> None:
    access = Access(ServerOptions("127.0.0.1", 0, idle_seconds=0.5))
    with asking(shop_file, RULES, tmp_path, access) as ask:
        host, port = ask.server.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), 60) as slow:
            slow.sendall(b"GET /v1/segments HTTP/1.1\r\nHost: local")
            assert slow.recv(1) == b""


def test_ids_that_others_stumble_over_are_answered_and_never_harm(ask: Asking) -> None:
    for customer in POISON_IDS:
        for path in ("", "/outlook", "/changes", "/segments/cart_abandoner"):
            answer = ask(f"/v1/customers/{quote(customer, safe='')}{path}")
            assert answer.status in (200, 400, 404), (customer, path)
        for path in ("", "/members", "/sizes", "/overlaps", "/effect"):
            answer = ask(f"/v1/segments/{quote(customer, safe='')}{path}")
            assert answer.status in (400, 404) or customer == "", (customer, path)
    assert ask("/v1/health").body["healthy"]


def test_two_servers_do_not_write_one_view(shop_file: Path, tmp_path: Path) -> None:
    with (
        asking(shop_file, RULES, tmp_path) as ask,
        pytest.raises(UsageError, match="--view"),
        asking(shop_file, RULES, tmp_path),
    ):
        pass
    assert ask.server.address
    with asking(shop_file, RULES, tmp_path) as again:  # the lock ended with its server
        assert again("/v1/health").body["healthy"]


def test_no_id_is_in_the_journal_or_the_metrics(ask: Asking) -> None:
    ask("/v1/customers/somebody-secret")
    ask("/v1/customers/somebody-secret/segments/cart_abandoner")
    metrics = b"".join(
        f"{sample.name} {sample.labels}\n".encode()
        for family in ask.server.counts.registry.collect()
        for sample in family.samples
    )
    assert b"somebody-secret" not in metrics
    assert b"customer" in metrics  # the route is counted by its name
    assert "somebody-secret" not in str(ask.said.lines)


def test_who_has_no_token_is_told_so_and_a_cookie_stands_for_one(
    shop_file: Path, tmp_path: Path
) -> None:
    file = tmp_path / "tokens.toml"
    file.write_text(f'[marketing]\ntoken = "{SECRET}"\nrate = 1\n')
    access = Access(ServerOptions("127.0.0.1", 0), read_tokens(file))
    with asking(shop_file, RULES, tmp_path, access) as ask:
        answer = ask("/v1/segments")
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert ask("/v1/segments", Authorization="Bearer wrong").status == 401
        assert ask("/").status == 200  # the page itself holds nothing
        ask.token = SECRET
        assert ask("/v1/segments").status == 200
        logged_in = ask("/v1/session", "POST")
        cookie = logged_in.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert SECRET not in cookie
        ask.token = None
        kept = cookie.partition(";")[0]
        assert ask("/v1/segments", Cookie=kept).status == 200
        assert ask("/v1/segments", Cookie=kept + "0").status == 401
        foreign = ask("/v1/segments", Cookie=kept, Sec_Fetch_Site="cross-site")
        assert foreign.status == 401
        answers = [ask("/v1/segments", Cookie=kept) for _ in range(30)]
        refused = [one for one in answers if one.status == 429]
        assert refused
        assert all(int(one.headers["Retry-After"]) >= 1 for one in refused)


def test_a_cookie_ends_with_its_time_and_its_token() -> None:
    tokens = Tokens([Token("a", "0" * 64, 1)])
    found = Token("a", "0" * 64, 1)
    cookie = tokens.cookie(found, 1_000)
    assert tokens.of_cookie(cookie, 1_001) == found
    assert tokens.of_cookie(cookie, 1_000_000) is None
    assert Tokens([Token("a", "1" * 64, 1)]).of_cookie(cookie, 1_001) is None
    assert Tokens([]).of_cookie(cookie, 1_001) is None
