"""What is answered instead of an answer: a problem as RFC 9457 describes it.

    Problem
    +-- bad_request, unauthorized, forbidden, not_found, ...   made by the functions below

`type` is a name and no address: nothing is to be fetched there.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from aiohttp.web import Response

PROBLEM_JSON: Final = "application/problem+json"
TITLES: Final = {
    "bad-request": (400, "The question cannot be read"),
    "unauthorized": (401, "A token is needed"),
    "forbidden": (403, "This is not allowed"),
    "not-found": (404, "There is no such page"),
    "unknown-customer": (404, "The customer is not known"),
    "unknown-segment": (404, "There is no such segment"),
    "no-explanation": (404, "There is nothing to explain from"),
    "no-effect": (404, "There are no two groups to compare"),
    "no-test-events": (404, "No test event can be sent here"),
    "method": (405, "The method is not allowed here"),
    "other-rules": (409, "Other rules decide"),
    "body": (400, "The body cannot be read"),
    "too-large": (413, "The body is too large"),
    "rate": (429, "Too many questions"),
    "internal": (500, "An error of the server"),
    "rebuilding": (503, "The view is being rebuilt"),
    "unavailable": (503, "Something that is needed cannot be reached"),
    "too-many-streams": (503, "Too many streams are open"),
}
"""Every type of problem, with its status and title."""


class Problem(Exception):
    """An error answer (RFC 9457). `more` are further members of the document."""

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        retry_after: int | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,  # noqa: ANN401 (any JSON)
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.status, self.title = TITLES[kind]
        self.more = more
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)

    def response(self) -> Response:
        """Return the problem as an HTTP response."""
        payload = {
            "type": f"urn:streamer:problem:{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": str(self),
            **self.more,
        }
        return Response(
            body=orjson.dumps(payload),
            status=self.status,
            headers={"Cache-Control": "no-store", **self.headers},
            content_type=PROBLEM_JSON,
        )
