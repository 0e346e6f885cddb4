"""What the collector answers: exactly 200 for what is safe, never a redirect.

Both of Segment's JavaScript SDKs take a redirect for a delivery, RudderStack's for Python takes
nothing but 200 for one, and all honour `Retry-After` with 429 only, in whole seconds. Some SDKs
look for `code` and `message` in the JSON of a refusal.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from aiohttp.web import Response

JSON: Final = "application/json"


class Refusal(Exception):
    """An answer other than 200; `retry_after` is in whole seconds."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        retry_after: int | None = None,
        errors: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.errors = errors

    def response(self, headers: Mapping[str, str]) -> Response:
        """Return the refusal as an HTTP response."""
        payload: dict[str, Any] = {"success": False, "code": self.code, "message": str(self)}
        if self.errors is not None:
            payload["errors"] = self.errors
        more = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        if self.status == 405:  # noqa: PLR2004 (Method Not Allowed)
            more["Allow"] = "POST, OPTIONS"
        return json_response(payload, {**headers, **more}, self.status)


def json_response(payload: object, headers: Mapping[str, str], status: int = 200) -> Response:
    """Return a JSON document as a response."""
    return Response(body=orjson.dumps(payload), status=status, headers=headers, content_type=JSON)


def text_response(text: str, status: int = 200) -> Response:
    """Return a line of text as a response."""
    return Response(text=f"{text}\n", status=status)
