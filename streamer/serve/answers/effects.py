"""What reacting to a segment brings: those who are held out beside those who are not."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final

from streamer.adapters.history import TooLong
from streamer.analysis.effect import (
    EffectEstimate,
    EffectGroup,
    EffectRequest,
    Entries,
    effect_of_entries,
)
from streamer.analysis.proportions import CONFIDENCE
from streamer.app.inputs import EventReading
from streamer.codecs.changes import decode_change
from streamer.codecs.events import decode
from streamer.errors import UsageError
from streamer.serve.answers.context import Context, Json
from streamer.serve.problems import Problem
from streamer.types import Millis

CONVERSION: Final = "order_completed"
_WORTH: Final = 0.01
_PAGE: Final = 5_000


def effect(context: Context, name: str, conversions: Collection[str], within: Millis) -> Json:
    """Return both groups and what their difference says.

    Raises `Problem` where there are no events or too many, or no two groups to compare.
    """
    membership = context.membership(name)
    history = context.stores.history
    if history is None:
        raise Problem("no-effect", f"no events can be read here: {_by_hand(membership)}")
    anonymous = context.catalogue.rules.header.anonymous
    asked = EffectRequest(membership, frozenset(conversions), within, _WORTH, anonymous)

    @contextmanager
    def events() -> Iterator[EventReading]:
        with history.whole() as log:
            yield EventReading(log, decode)

    try:
        found = effect_of_entries(_entries(context, membership), events, asked)
    except TooLong as error:
        raise Problem("no-effect", f"{error}: {_by_hand(membership)}") from None
    except UsageError as error:
        raise Problem("no-effect", str(error)) from None
    return context.of(
        {
            "segment": membership,
            "conversions": sorted(asked.conversions),
            "within_ms": within,
            "confidence": CONFIDENCE,
            "not_held_out": _group(found.reacted),
            "held_out": _group(found.held_out),
            "left_out": found.open_,
            "difference": found.difference,
            "interval": list(found.interval),
            "verdict": found.verdict,
            "sentence": _sentence(found),
        }
    )


def _by_hand(membership: str) -> str:
    return f"streamer effect EVENTS --segment {membership} compares"


def _entries(context: Context, membership: str) -> Entries:
    entries = Entries(membership)
    position = 0
    while page := context.reader.entrances(membership, position, _PAGE):
        entries.enter(decode_change(one.line) for one in page)
        position = page[-1].position
    return entries


def _group(group: EffectGroup) -> Json:
    return {
        "customers": group.customers,
        "converted": group.converted,
        "share": group.share,
        "interval": list(group.interval),
    }


def _sentence(found: EffectEstimate) -> str:
    held_out = found.held_out.customers
    match found.verdict:
        case "more":
            return "Those who were not held out convert more often."
        case "fewer":
            return "Those who were not held out convert less often."
        case "alike":
            return "If there is a difference, it is smaller than a point."
        case "unclear" if found.needed > held_out:
            return (
                "What is seen can be chance: to show a difference of a point about "
                f"{found.needed:,} customers must be held out, and here there are {held_out:,}."
            )
        case _:
            return "What is seen can be chance: look again with some more customers."
