"""Answers as responses of HTTP: what may be kept has an `ETag`, everything else may not be."""

from typing import Any, Final

import orjson
from aiohttp import web

from streamer.serve.pages import File, PageFiles, etag
from streamer.serve.problems import Problem

SECURITY: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers of every response."""
_JSON: Final = "application/json"


def only(request: web.BaseRequest, *methods: str) -> None:
    """Refuse every other method."""
    if request.method not in methods:
        allowed = ", ".join(methods)
        raise Problem("method", f"only {allowed} here", headers={"Allow": allowed})


def as_json(payload: dict[str, Any], status: int = 200) -> web.Response:
    """Return JSON that changes all the time, so that no cache may keep it."""
    return web.Response(
        body=orjson.dumps(payload),
        status=status,
        content_type=_JSON,
        headers={"Cache-Control": "no-store"},
    )


def as_text(text: str, status: int = 200) -> web.Response:
    """Return one line."""
    return web.Response(text=f"{text}\n", status=status)


async def stable(request: web.BaseRequest, body: bytes) -> web.Response:
    """Return JSON that changes with the program only, or nothing where it is known."""
    only(request, "GET", "HEAD")
    return _known(request, File(body, _JSON, etag(body)), {})


async def file_of(request: web.BaseRequest, pages: PageFiles, name: str) -> web.Response:
    """Return a file of the page, or nothing where it is known."""
    only(request, "GET", "HEAD")
    file = pages.files.get(name)
    if file is None:
        raise Problem("not-found", "the page has no such file")
    return _known(request, file, {"Content-Security-Policy": pages.policy})


def _known(request: web.BaseRequest, file: File, headers: dict[str, str]) -> web.Response:
    headers = {"ETag": file.etag, "Cache-Control": "no-cache", **headers}
    if request.headers.get("If-None-Match") == file.etag:
        return web.Response(status=304, headers=headers)
    return web.Response(body=file.body, headers={"Content-Type": file.content_type, **headers})
