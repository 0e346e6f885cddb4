"""What browser SDKs ask for before they send: that there is nothing to load, but to send here.

Segment's gets it from `/v1/projects/KEY/settings` of its `cdnURL`, RudderStack's from
`/sourceConfig/?writeKey=KEY` of its `configUrl`.
"""

import re
from typing import Any, Final

from aiohttp.web import BaseRequest

from streamer.adapters.http.credentials import found_key, sent_key
from streamer.adapters.http.keys import Keys

_SEGMENT: Final = re.compile(r"/v1/projects/([^/]+)/settings")
_RUDDERSTACK: Final = re.compile(r"/sourceConfig/?")
_LONG_AGO: Final = "2020-01-01T00:00:00.000Z"


def settings_page(request: BaseRequest, keys: Keys) -> dict[str, Any] | None:
    """Return the settings that the path names, None where it names no settings."""
    origin = request.headers.get("Origin")
    segment = _SEGMENT.fullmatch(request.path)
    if segment is not None:
        found_key(keys, segment[1], origin)
        return {"integrations": {"Segment.io": {"apiKey": segment[1]}}}
    if _RUDDERSTACK.fullmatch(request.path) is None:
        return None
    key = request.query.get("writeKey") or sent_key(request)
    name = found_key(keys, key, origin).rights.name
    return {
        "source": {
            "id": name,
            "name": name,
            "writeKey": key,
            "enabled": True,
            "workspaceId": name,
            "updatedAt": _LONG_AGO,
            "config": {"statsCollection": {"errors": {"enabled": False}}},
            "destinations": [],
        },
        "updatedAt": _LONG_AGO,
    }
