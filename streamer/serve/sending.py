"""Test events of the page, into the file of the embedded default."""

from typing import Final

from aiohttp import web

from streamer.adapters.http.answers import Refusal
from streamer.adapters.http.reading import read_body
from streamer.errors import InvalidEvent
from streamer.instants import iso
from streamer.serve.admission import check_origin
from streamer.serve.answers.advice import instead_of
from streamer.serve.answers.context import Context, Json
from streamer.serve.problems import Problem
from streamer.serve.responses import only

_LARGEST: Final = 64 << 10
_PATIENCE_S: Final = 10.0
_JSON: Final = "application/json"
_TOO_LARGE: Final = 413


async def body_of(request: web.BaseRequest) -> bytes:
    """Return the body of a request that sends an event; raises `Problem`.

    Only JSON is taken: a form of a page elsewhere can be sent without asking, JSON cannot.
    """
    only(request, "POST")
    check_origin(request)
    if request.content_type != _JSON:
        raise Problem("body", f"send the event as {_JSON}")
    try:
        return await read_body(request, _LARGEST, _PATIENCE_S)
    except Refusal as refusal:
        raise Problem(
            "too-large" if refusal.status == _TOO_LARGE else "body", str(refusal)
        ) from None


def sent(context: Context, body: bytes) -> Json:
    """Append an event; raises `Problem` where that cannot be, or it is no event."""
    shop = context.stores.shop
    if shop is None:
        raise Problem(
            "no-test-events",
            "events come from the shop here: streamer publish sends some to Kafka",
        )
    if context.deciding - {context.catalogue.rules.version}:
        message = "other rules have decided this file: start the server with those, by --rules"
        raise Problem("other-rules", message)
    try:
        event, decided = shop.send(body, context.catalogue.rules)
    except InvalidEvent as error:
        advice = instead_of("invalid", error.path)
        raise Problem(
            "bad-request", error.reason, path=error.path, instead=advice.said, write=advice.write
        ) from None
    return {
        "id": event.id,
        "customer_id": event.customer,
        "at": iso(event.time),
        "decided": decided,
    }
