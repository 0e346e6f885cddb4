"""Control records: what one task tells is what another one reads, and what is forged is refused."""

import hmac
from typing import Any

import pytest

from streamer.codecs.controls import (
    HEADER,
    SIGNATURE,
    ControlCodec,
    ControlKey,
    ControlMessage,
    Forward,
    Signer,
    is_control,
)
from streamer.core.engine.decide import decide
from streamer.core.engine.identity import Dropped, Join
from streamer.core.engine.merge import merge
from streamer.core.engine.program import RuleSet
from streamer.core.links import Link
from streamer.core.profile import Profile
from streamer.errors import InvalidEvent
from streamer.types import HOUR, Control, Event, Record
from tests.engine import compiled

START = 1_767_225_600_000
KEY = ControlKey("shop", b"known to the whole group, and to nobody else")
HEAD = "ruleset: shop\nidentity: {anonymous: last}\n"
VIEWS = "---\nsegment: views\npurpose: p\nwhen: {performed: product_viewed, at_least: 3}\n"
SPENT = "---\nsegment: spent\npurpose: p\nwhen: {total: price, of: product_viewed, at_least: 30}\n"
RULES = compiled(HEAD + VIEWS + SPENT)


def record_of(control: Control, **changed: Any) -> Record:  # noqa: ANN401 (fields of a record)
    record = Record(1, 7, control.value, START, control.key.encode(), control.headers)
    return record._replace(**changed)


def viewed(who: str, number: int) -> Event:
    time = START + number * HOUR
    return Event(f"{who}-{number}", "product_viewed", who, time, {"price": 12})


def lived(rules: RuleSet, who: str, *numbers: int) -> Profile:
    profile = None
    for number in numbers:
        profile = decide(rules, profile, viewed(who, number)).profile
    assert profile is not None
    return profile


ORIGINAL = Record(1, 7, b'{"id": "\xff"}', START - 5, None, (("traceparent", b"00-1"),))


@pytest.mark.parametrize(
    "message",
    [Link("a-ü", "u-1", START), Dropped("u-1", "a-ü"), Forward("u-1", ORIGINAL)],
    ids=["link", "dropped", "forward"],
)
def test_a_message_is_read_as_it_was_told(message: ControlMessage) -> None:
    codec = ControlCodec(RULES, KEY)
    record = record_of(codec.encode(message))
    assert is_control(record)
    assert record.key == message.customer.encode()
    assert codec.decode(record) == message


def test_a_history_joins_as_it_was() -> None:
    codec = ControlCodec(RULES, KEY)
    read = codec.decode(record_of(codec.encode(Join("u", "a", lived(RULES, "a", 1, 3)))))
    assert isinstance(read, Join)
    assert (read.customer, read.anonymous) == ("u", "a")
    decision = merge(RULES, lived(RULES, "u", 2), read.profile)
    assert [one.segment for one in decision.changes] == ["spent", "views"]
    again = decide(RULES, decision.profile, viewed("a", 3)._replace(customer="u"))
    assert again.outcome == "duplicate"


def test_a_history_joins_under_other_rules_with_what_they_share() -> None:
    others = compiled(HEAD + SPENT)
    told = ControlCodec(RULES, KEY).encode(Join("u", "a", lived(RULES, "a", 1, 3)))
    read = ControlCodec(others, KEY).decode(record_of(told))
    assert isinstance(read, Join)
    decision = merge(others, lived(others, "u", 2), read.profile)
    assert [one.segment for one in decision.changes] == ["spent"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"value": b"\x03"}, "signature is wrong"),
        ({"key": b"somebody else"}, "signature is wrong"),
        ({"headers": ((HEADER, b"1 shop"),)}, "signature is wrong"),
        ({"headers": ((HEADER, b"1 shop"), (SIGNATURE, b"0" * 64))}, "signature is wrong"),
        ({"headers": ((HEADER, b"1 other"),)}, "another group or version: 1 other"),
        ({"headers": ((HEADER, b"9 shop"),)}, "another group or version: 9 shop"),
    ],
)
def test_what_the_group_has_not_told_is_refused(changed: dict[str, Any], reason: str) -> None:
    codec = ControlCodec(RULES, KEY)
    record = record_of(codec.encode(Link("a", "u", START)), **changed)
    with pytest.raises(InvalidEvent, match=reason):
        codec.decode(record)


def test_another_secret_is_another_signature() -> None:
    told = ControlCodec(RULES, KEY).encode(Link("a", "u", START))
    other = ControlCodec(RULES, KEY._replace(secret=b"guessed"))
    with pytest.raises(InvalidEvent, match="signature is wrong"):
        other.decode(record_of(told))


def test_a_signed_record_that_cannot_be_read_is_refused() -> None:
    codec = ControlCodec(RULES, KEY)
    control = codec.encode(Link("a", "u", START))
    later = Signer(KEY).signed("a", control.value[:-1])  # as a later version might write it
    with pytest.raises(InvalidEvent, match="cannot be read"):
        codec.decode(record_of(later))


@pytest.mark.parametrize("secret", [b"s", b"s" * 64, b"s" * 65], ids=["short", "block", "longer"])
def test_a_signature_is_the_hmac_of_header_key_and_value(secret: bytes) -> None:
    key = KEY._replace(secret=secret)
    said = hmac.digest(secret, b"1 shop\na\nvalue", "sha256").hex().encode()
    assert Signer(key).signature(b"a", b"value") == said
