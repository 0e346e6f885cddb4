"""What is stored, as this version writes it; `tests/test_formats.py` reads the golden files.

`python -m tests.golden.formats` writes the files of the versions that the code now has, and leaves
those of older versions, which must still be read, alone.
"""

import sys
from pathlib import Path
from typing import Any, Final

import orjson

from streamer.adapters import outbox
from streamer.adapters.kafka import marks
from streamer.analysis.program import FORMAT, program_json
from streamer.app.inputs import Rules, load_rules
from streamer.codecs import controls, profiles
from streamer.codecs.controls import ControlCodec, ControlKey, ControlMessage, Forward
from streamer.codecs.profiles import ProfileCodec
from streamer.core.engine.decide import decide
from streamer.core.engine.identity import Dropped, Erase, Join, Release, Suppress, Unlink
from streamer.core.engine.program import RuleSet
from streamer.core.links import Link, Links
from streamer.core.profile import Profile
from streamer.ports import OutboxEntry, PublishedMark
from streamer.types import (
    DAY,
    HOUR,
    Control,
    Event,
    Membership,
    Millis,
    Record,
    Rejection,
    SegmentChange,
)

FOLDER: Final = Path(__file__).parent
CUSTOMER: Final = "u-7"
START: Final[Millis] = 1_795_323_600_000
"""2026-11-22T05:00Z."""
LONG: Final = "a text of more than forty characters, which is kept by its digest"
PRODUCT: Final = {"product_id": "shoe-1", "category": "shoes", "brand": "acme", "price": 59.9}
HAT: Final = {"product_id": LONG, "category": "hats", "brand": "emca", "price": 2}
ORDER: Final = {"order_id": "o-1", "total": 169.85, "products": [{**PRODUCT, "quantity": 2}, HAT]}
TRAITS: Final = {"birth_date": "2004-11-24", "country": "AT", "email": "a@b.example", "note": "vip"}
EVENTS: Final[tuple[tuple[Millis, str, dict[str, Any]], ...]] = (
    (0, "product_viewed", PRODUCT),
    (60_000, "product_viewed", HAT),
    (61_000, "product_added", {**PRODUCT, "quantity": 2}),
    (HOUR, "checkout_started", {}),
    (2 * HOUR, "order_completed", ORDER),
    (DAY, "product_viewed", PRODUCT),
    (DAY + 5, "product_viewed", {**PRODUCT, "product_id": 12}),
    (DAY + HOUR, "product_added", HAT),
    (DAY, "checkout_started", {}),
    (DAY + 2 * HOUR, "loyalty_card_scanned", {"gift": True}),
    (9 * DAY, "order_completed", {"total": 20}),
    (9 * DAY + 7, "product_viewed", HAT),
)
LATER: Final[tuple[tuple[Millis, str, dict[str, Any]], ...]] = (
    (9 * DAY + HOUR, "product_added", {**HAT, "quantity": 3}),
    (10 * DAY, "product_viewed", {**PRODUCT, "price": 120}),
    (40 * DAY, "order_completed", ORDER),
)
CHANGE: Final = SegmentChange(
    CUSTOMER,
    "level.low",
    "entered",
    START,
    3,
    START,
    "event",
    "e-1",
    ("trait note contains vip: vip",),
    "sha256:ab",
    holdout=True,
    ladder="level",
    origin=None,
    target="low",
)
REJECTED: Final = Record(1, 41, b"\xff{", START, b"\x00key", (("own", b"\xfe"),))
ENTRY: Final = OutboxEntry(
    7,
    (CHANGE,),
    (Rejection(REJECTED, "invalid", "not UTF-8", ""),),
    (Membership(CUSTOMER, 3, START, (("level.low", START),)), Membership("gone", 9, START, None)),
    1,
    42,
    (START - 1, CUSTOMER),
    controls=(Control("a-ü", b"\xff\x00", (("streamer-control", b"1 shop"),)),),
)
KEY: Final = ControlKey("shop", b"a secret of the group")
MARK: Final = PublishedMark(7, 42, (START - 1, 'u-"7" ü'))


def rules() -> Rules:
    """The rule set under which the golden profile is stored."""
    return load_rules([str(FOLDER / "rules.yaml")])


def programs() -> dict[str, Rules]:
    """Every golden rule set, by the name of the file that holds its program."""
    return {
        f"program{file.stem.removeprefix('rules')}-{FORMAT}.json": load_rules([str(file)])
        for file in sorted(FOLDER.glob("rules*.yaml"))
    }


def happened(told: tuple[tuple[Millis, str, dict[str, Any]], ...]) -> list[Event]:
    """The events; the first one carries traits."""
    return [
        Event(f"e-{after}-{name}", name, CUSTOMER, START + after, read, None if after else TRAITS)
        for after, name, read in told
    ]


def lived(compiled: RuleSet) -> Profile:
    """The profile after the events."""
    profile = None
    for event in happened(EVENTS):
        profile = decide(compiled, profile, event).profile
    assert profile is not None
    return profile


def says(compiled: RuleSet, profile: Profile) -> dict[str, Any]:
    """All that a profile says: what it holds, why it is where it is, and what it does next."""
    states = {
        compiled.cell_keys[cell.slot].hex(): state.pack(profile.last)
        for cell in compiled.cells
        if (state := cell.state(profile)) is not None
    }
    facts = {
        "born": profile.born,
        "last": profile.last,
        "clock": profile.clock,
        "wake": profile.wake,
        "sequence": profile.sequence,
        "ids": [profile.ids.hex(), profile.id_times],
        "memberships": {
            segment.tiers[inside - 1].membership: profile.since[segment.index]
            for segment in compiled.segments
            if (inside := profile.inside[segment.index])
        },
        "cells": {key: shown(packed) for key, packed in states.items()},
        **({} if profile.links is None else {"links": shown(profile.links.packed(profile.last))}),
    }
    changes: list[SegmentChange] = []
    following: Profile | None = profile
    for event in happened(LATER):
        decision = decide(compiled, following, event)
        changes += decision.changes
        following = decision.profile
    told = [[one.segment, one.direction, one.at, one.sequence, one.because] for one in changes]
    return {**facts, "then": told}


def shown(packed: object) -> Any:  # noqa: ANN401  plain JSON
    """A packed state as JSON."""
    if isinstance(packed, bytes):
        return {"bytes": packed.hex()}
    if isinstance(packed, list | tuple):
        return [shown(one) for one in packed]
    return packed


def links(user: str | None = None) -> Links:
    """What a profile knows of other ids: the user of these, or the one whose alias it is."""
    of = Links()
    if user is None:
        of.known = True
        of.linked = {"a-1": START, "a-ü": START + DAY}
    else:
        of.user = user
        of.users = {"u-2": START - DAY, user: START}
    return of


def alias() -> Profile:
    """An alias of the customer."""
    stub = Profile("a-1", START, 0, 0)
    stub.links = links(CUSTOMER)
    return stub


def profile_file(known: Links | None = None) -> dict[str, Any]:
    """A stored profile and its layout."""
    compiled = rules().compiled
    codec = ProfileCodec(compiled, {}, START - DAY)
    profile = lived(compiled)
    profile.links = known
    stored = codec.encode(profile)
    return {
        "layout_id": codec.id.hex(),
        "layout": codec.own[codec.id].hex(),
        "profile": stored.hex(),
        "says": says(compiled, codec.decode(CUSTOMER, stored)),
    }


def files() -> dict[str, bytes]:
    """The golden files of the versions that the code now writes."""
    return {
        **{name: program_json(each) for name, each in programs().items()},
        f"profile-{profiles.VERSION}.json": document(profile_file()),
        f"profile-{profiles.LINKED}.json": document(profile_file(links())),
        f"alias-{profiles.ALIAS}.json": document({"alias": encoded_alias().hex()}),
        f"outbox-{outbox.VERSION}.json": document({"entry": outbox.encode_entry(ENTRY).hex()}),
        f"control-{controls.VERSION}.json": document(control_file()),
        f"mark-{marks.VERSION}.json": document({"metadata": marks.encode_mark(MARK)}),
    }


def messages() -> dict[str, ControlMessage]:
    """One control message of each kind."""
    forwarded = Record(1, 41, b'{"id":"e-1"}', START, b"a-1", (("traceparent", b"00-ab"),))
    return {
        "link": Link("a-1", CUSTOMER, START),
        "join": Join(CUSTOMER, "a-1", lived(rules().compiled)),
        "dropped": Dropped(CUSTOMER, "a-1"),
        "forward": Forward(CUSTOMER, forwarded),
        "erase": Erase(CUSTOMER, START),
        "unlink": Unlink("a-1", CUSTOMER),
        "suppress": Suppress(CUSTOMER),
        "release": Release(CUSTOMER),
    }


def control_file() -> dict[str, Any]:
    """Every control record: key, value and headers."""
    codec = ControlCodec(rules().compiled, KEY)
    return {kind: control_json(codec.encode(message)) for kind, message in messages().items()}


def control_json(control: Control) -> dict[str, Any]:
    """A control record as plain JSON."""
    headers = {name: value.decode() for name, value in control.headers}
    return {"key": control.key, "value": control.value.hex(), "headers": headers}


def encoded_alias() -> bytes:
    """A stored alias."""
    return ProfileCodec(rules().compiled).encode(alias())


def document(facts: dict[str, Any]) -> bytes:
    """Facts as the text of a file."""
    return orjson.dumps(facts, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def main() -> None:
    """Write the files."""
    for name, content in files().items():
        (FOLDER / name).write_bytes(content)
        sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    main()
