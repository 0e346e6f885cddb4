"""What somebody may send who means no good: a clear answer, bounded memory, others undisturbed."""

import gzip
import json
import socket
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.collect.calls import fresh, track
from tests.collect.site import SECRET, Site, basic
from tests.servers import KafkaServer

AUTHORIZATION = {"Authorization": basic(SECRET)}


@pytest.fixture(scope="module")
def site(kafka: KafkaServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A collector with little patience for slow clients."""
    folder = tmp_path_factory.mktemp("collector")
    site = Site(kafka, folder, ("--body-timeout", "1s", "--idle-timeout", "2s"))
    yield site
    site.close()


@pytest.fixture(autouse=True)
def works_on(site: Site) -> Iterator[None]:
    """Whatever was sent, the next one is served, and the memory is what it was."""
    before = memory(site)
    yield
    event_id = fresh()
    assert site.post("/v1/track", track(event_id)).status == 200
    assert event_id in site.ids()
    assert memory(site) - before < 32 << 20


def memory(site: Site) -> int:
    """Return the bytes that the collector has in memory."""
    lines = Path(f"/proc/{site.process.pid}/status").read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in lines if line.startswith("VmRSS:")]
    return int(line.split()[1]) << 10


@pytest.mark.parametrize("kind", ["text/html", "multipart/form-data; boundary=x", "image/png"])
def test_a_wrong_content_type_is_refused(site: Site, kind: str) -> None:
    assert site.post("/v1/track", track(fresh()), Content_Type=kind).status == 415


@pytest.mark.parametrize(
    "body", [b"", b"{", b"not JSON", b"\xff", b"[" * 100_000, b"{}}", b"1" * 9_999]
)
def test_invalid_json_is_refused_with_the_reason(site: Site, body: bytes) -> None:
    answer = site.post("/v1/batch", body)
    assert (answer.status, answer.json["code"]) == (400, "body")


@pytest.mark.parametrize("document", [[], 7, None, {"batch": {}}, {}])
def test_a_body_that_is_no_batch_is_refused(site: Site, document: object) -> None:
    answer = site.post("/v1/batch", document)
    assert answer.status == 400
    assert "batch" in answer.json["message"]


def nested(levels: int) -> dict[str, object]:
    value: dict[str, object] = {}
    for _ in range(levels - 1):
        value = {"in": value}
    return value


@pytest.mark.parametrize(("levels", "taken"), [(31, True), (32, False), (250, False), (900, False)])
def test_an_event_has_32_levels_at_most(site: Site, levels: int, *, taken: bool) -> None:
    """The event itself is one level more than its properties."""
    good, deep = fresh(), fresh()
    batch = {"batch": [track(deep, properties=nested(levels)), track(good)]}
    assert site.post("/v1/batch", batch).status == 200
    assert good in site.ids()
    assert (deep in site.ids()) == taken


def test_an_event_has_32_kb_at_most(site: Site) -> None:
    good, long = fresh(), fresh()
    answer = site.post(
        "/v1/batch", {"batch": [track(long, properties={"x": "x" * 32_768}), track(good)]}
    )
    assert "at most 32768" in answer.json["rejected"][0]["reason"]
    assert good in site.ids()


def test_a_request_has_500_kb_at_most(site: Site) -> None:
    batch = {"batch": [track(fresh(), properties={"x": "x" * 9_000}) for _ in range(50)]}
    fits = json.dumps(batch).encode()
    assert site.post("/v1/batch", fits + b" " * (500_000 - len(fits))).status == 200
    assert site.post("/v1/batch", fits + b" " * (500_001 - len(fits))).status == 413


def test_a_larger_request_may_be_allowed_and_its_bad_events_are_cut(
    kafka: KafkaServer, tmp_path: Path
) -> None:
    """What no topic takes must not be tried again for ever."""
    larger = Site(kafka, tmp_path, ("--request-limit", "4000000"))
    long = json.dumps(track(fresh(), properties={"x": "x" * 3_000_000})).encode()
    assert larger.post("/v1/track", long).status == 200
    ((value, why),) = larger.rejected()
    assert len(value) == 512 << 10
    assert int(why["rejected_size"]) > 3_000_000
    larger.close()


def test_gzip_of_zeros_costs_no_more_than_the_limit(site: Site) -> None:
    bomb = gzip.compress(bytes(400 << 20))
    headers = {**AUTHORIZATION, "Content-Encoding": "gzip"}
    assert len(bomb) < 500_000
    assert site.ask("POST", "/v1/batch", bomb, headers).status == 413


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("gzip", b"no gzip", 400),
        ("gzip", gzip.compress(b"{}", mtime=0)[:-4], 400),
        ("gzip", 2 * gzip.compress(b'{"batch": []}', mtime=0), 400),
        ("gzip", zlib.compress(b'{"batch": []}'), 200),
        ("deflate", zlib.compress(b'{"batch": []}'), 200),
        ("br", b"", 415),
        ("gzip, gzip", b"", 415),
    ],
)
def test_a_broken_encoding_is_refused(site: Site, encoding: str, body: bytes, status: int) -> None:
    headers = {**AUTHORIZATION, "Content-Encoding": encoding}
    assert site.ask("POST", "/v1/batch", body, headers).status == status


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_another_method_is_refused(site: Site, method: str) -> None:
    answer = site.ask(method, "/v1/track", headers=AUTHORIZATION)
    assert answer.status == 405
    assert answer.headers["Allow"] == "POST, OPTIONS"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v1/track/",
        "//v1/track",
        "/v1/../../etc/passwd",
        "/v1/%2e%2e/%2e%2e/etc/passwd",
        "/v1/track%00",
        "/V1/TRACK",
        "/v1/track;x",
        "http://other.example/v1/nothing",
    ],
)
def test_no_other_path_is_served_and_none_is_a_redirect(site: Site, path: str) -> None:
    assert site.ask("POST", path, b"{}", AUTHORIZATION).status == 404


def test_odd_keys_of_json_are_just_keys(site: Site) -> None:
    event_id = fresh()
    odd = {"__proto__": {"admin": True}, "constructor": 1, "$where": "1", "": ""}
    assert site.post("/v1/track", track(event_id, properties=odd)).status == 200
    (event,) = [event for event in site.events() if event.get("messageId") == event_id]
    assert event["properties"] == odd


@pytest.mark.parametrize("user", [{}, [], True, 7.5, "\u0000", "x" * 257, {"$ne": None}, ["u"]])
def test_an_odd_id_of_a_user_is_rejected_alone(site: Site, user: object) -> None:
    good, odd = fresh(), fresh()
    assert site.post("/v1/batch", {"batch": [track(odd, userId=user), track(good)]}).status == 200
    assert good in site.ids()
    assert odd not in site.ids()


@pytest.mark.parametrize("value", [7, [], {}, "x", True, None])
@pytest.mark.parametrize(
    "field", ["context", "traits", "properties", "messageId", "timestamp", "type", "sentAt"]
)
def test_an_odd_field_costs_at_most_its_event(site: Site, field: str, value: object) -> None:
    good = fresh()
    odd = {**track(fresh()), field: value}
    for document in ({"batch": [odd, track(good)]}, {"batch": [track(good)], field: value}):
        assert site.post("/v1/batch", document).status == 200
    assert good in site.ids()
    assert site.post("/v1/events", [odd]).status == 200


def talk(site: Site, text: bytes, seconds: float = 30) -> bytes:
    """Send bytes and return all that comes back until the collector closes the connection."""
    with closing(socket.create_connection(("127.0.0.1", site.port), timeout=seconds)) as connection:
        with suppress(OSError):  # it would not read on; what it said of that may be there
            connection.sendall(text)
        return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    found = b""
    with suppress(ConnectionResetError):
        while part := connection.recv(65_536):
            found += part
    return found


HEAD = f"POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: {basic(SECRET)}\r\n".encode()


def test_a_header_of_a_megabyte_is_refused(site: Site) -> None:
    answer = talk(site, HEAD + b"X-Large: " + b"x" * (1 << 20) + b"\r\n\r\n")
    assert answer == b"" or answer.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400"))


def test_thousands_of_headers_are_refused(site: Site) -> None:
    answer = talk(site, HEAD + b"".join(b"X-%d: x\r\n" % n for n in range(5_000)) + b"\r\n")
    assert answer == b"" or b" 400 " in answer.splitlines()[0]


@pytest.mark.parametrize(
    "text", [b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"\r\n" * 50, b"PRI * HTTP/2.0\r\n\r\n"]
)
def test_what_is_no_http_is_refused(site: Site, text: bytes) -> None:
    talk(site, text)


def test_a_body_that_does_not_come_is_waited_for_a_second(site: Site) -> None:
    answer = talk(site, HEAD + b"Content-Length: 1000\r\nConnection: close\r\n\r\n{")
    assert answer.startswith(b"HTTP/1.1 408")


def test_chunks_without_end_are_cut_off_at_the_limit(site: Site) -> None:
    with closing(socket.create_connection(("127.0.0.1", site.port), timeout=30)) as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        sent = 0
        with suppress(OSError):
            while sent < 64 << 20:
                connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
                sent += 0x10000
        assert read_all(connection).startswith(b"HTTP/1.1 413") or sent < 64 << 20


def test_headers_that_trickle_are_cut_off(site: Site) -> None:
    """Slow loris: a header a moment, and never an end."""
    with closing(socket.create_connection(("127.0.0.1", site.port), timeout=0.2)) as connection:
        connection.sendall(b"POST /v1/batch HTTP/1.1\r\n")
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if connection.recv(1) == b"":
                    return
            except TimeoutError:
                try:
                    connection.sendall(b"X-A: b\r\n")
                except OSError:
                    return
            except ConnectionResetError:
                return
    pytest.fail("still connected")


def test_many_slow_ones_keep_nobody_waiting(site: Site) -> None:
    slow = [socket.create_connection(("127.0.0.1", site.port), timeout=30) for _ in range(200)]
    for connection in slow:
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")
    began = time.monotonic()
    assert site.post("/v1/track", track(fresh())).status == 200
    assert time.monotonic() - began < 20
    for connection in slow:
        connection.close()


def test_bodies_in_hand_have_a_bound_of_their_own(site: Site) -> None:
    """134 requests of 500 kB are more than 64 MiB, whether or not their bodies come."""
    slow = [socket.create_connection(("127.0.0.1", site.port), timeout=30) for _ in range(140)]
    for connection in slow:
        connection.sendall(HEAD + b"Content-Length: 500000\r\nConnection: close\r\n\r\n{")
    answers = [read_all(connection).split(b"\r\n") for connection in slow]
    statuses = {answer[0].split()[1] for answer in answers}
    assert statuses == {b"408", b"429"}
    assert any(b"Retry-After: 1" in answer for answer in answers)
    for connection in slow:
        connection.close()


def test_a_client_that_goes_away_harms_nobody(site: Site) -> None:
    for _ in range(20):
        with closing(socket.create_connection(("127.0.0.1", site.port), timeout=30)) as connection:
            connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")


def test_expecting_to_continue_is_answered(site: Site) -> None:
    body = json.dumps({"batch": [track(fresh())]}).encode()
    head = HEAD + b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(
        body
    )
    answer = talk(site, head + body)
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")
