"""Access control: the `Host` header, the token, the rate, and the cookie of a page."""

import ipaddress
import time
from contextlib import suppress
from urllib.parse import urlsplit

from aiohttp import web

from streamer.adapters.http.rates import Rates
from streamer.serve.problems import Problem
from streamer.serve.responses import only
from streamer.serve.tokens import COOKIE, COOKIE_S, Token, Tokens


class Admission:
    """Lets in clients with one of the tokens; without tokens, all that use a loopback name."""

    def __init__(self, tokens: Tokens | None) -> None:
        self._tokens = tokens
        self._rates = Rates()

    def check_host(self, request: web.BaseRequest) -> None:
        """Refuse host names that are not this machine's where no token is needed.

        Otherwise a page of any site could let its own name lead here, and read the answers.
        """
        if self._tokens is None:
            host = urlsplit(f"//{request.headers.get('Host', '')}").hostname or ""
            if not is_loopback(host):
                raise Problem("forbidden", "ask by the name localhost, or start with --tokens")

    def let_in(self, request: web.BaseRequest) -> None:
        """Refuse who has no token, and who asks too often."""
        if self._tokens is None:
            return
        token = self._token(request, self._tokens)
        if token is None:
            message = "send Authorization: Bearer with a token of this server"
            raise Problem("unauthorized", message, headers={"WWW-Authenticate": "Bearer"})
        now = time.monotonic()
        wait = self._rates.wait(token.name, token.rate, now)
        if wait:
            message = f"this token may ask {token.rate:g} questions a second"
            raise Problem("rate", message, retry_after=wait)
        self._rates.take(token.name, token.rate, now, 1)

    async def session(self, request: web.BaseRequest) -> web.Response:
        """Give a page a cookie for its token, or take it away."""
        only(request, "POST", "DELETE")
        check_origin(request)
        response = web.Response(status=204)
        if request.method == "DELETE":
            response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
            return response
        self.let_in(request)
        if self._tokens is not None:
            token = self._token(request, self._tokens)
            if token is not None:
                value = self._tokens.cookie(token, time.time())
                secure = request.headers.get("X-Forwarded-Proto", "http") == "https"
                response.set_cookie(
                    COOKIE,
                    value,
                    max_age=COOKIE_S,
                    secure=secure,
                    path="/",
                    httponly=True,
                    samesite="Strict",
                )
        return response

    @staticmethod
    def _token(request: web.BaseRequest, tokens: Tokens) -> Token | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return tokens.find(secret.strip())
        cookie = request.cookies.get(COOKIE)
        if cookie is None or not _same_origin(request):
            return None
        return tokens.of_cookie(cookie, time.time())


def check_origin(request: web.BaseRequest) -> None:
    """Refuse what a page of another origin sends."""
    if not _same_origin(request):
        raise Problem("forbidden", "a page of another origin may not do this")


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, seen from itself only."""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def _same_origin(request: web.BaseRequest) -> bool:
    """Return whether a page of ours asks, or no page at all."""
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    return site in ("same-origin", "none") and (
        origin is None or urlsplit(origin).netloc == request.headers.get("Host")
    )
