"""What tasks send each other about ids, as records of the log that the events are in.

A control record has the key of the customer whom it is for, so it stands in the partition of that
customer, in one order with the events. Its header `streamer-control` names version and group, and
`streamer-signature` signs header, key and value (HMAC-SHA-256), so nobody without the key can join
customers by writing to the topic. Other readers of the topic skip records with that header.

The value is a list in MessagePack that begins with the kind. A `join` carries the profile that is
to join, its cells by their keys and as the bytes that profiles hold: so it can be read under other
rules than those that wrote it, which find the cells that they share.
"""

import hmac
from collections.abc import Mapping
from hashlib import blake2b, sha256
from typing import Final, Literal, NamedTuple, TypeAlias, final

import msgspec
from librt.strings import BytesWriter

from streamer.core.engine.identity import (
    Dropped,
    Erase,
    Join,
    Message,
    Release,
    Suppress,
    Unlink,
)
from streamer.core.engine.program import RuleSet
from streamer.core.links import Link
from streamer.core.profile import Packed, Profile
from streamer.errors import InvalidEvent
from streamer.types import Control, Event, Record

HEADER: Final = "streamer-control"
SIGNATURE: Final = "streamer-signature"
VERSION: Final = 1
MARK_BYTES: Final = 16
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder()
_BLOCK: Final = 64
"""How many bytes SHA-256 takes at once."""
_new: Final = tuple.__new__


class ControlKey(NamedTuple):
    """The group that control records are of, and the secret that they are signed with."""

    group: str
    secret: bytes


class Forward(NamedTuple):
    """A record that came under an anonymous id, and holds an event of the user `customer`."""

    customer: str
    record: Record


class Forwarded(NamedTuple):
    """The event in such a record, and the record that it came in."""

    customer: str
    event: Event
    record: Record


Order: TypeAlias = Erase | Unlink | Suppress | Release
"""What a person may ask for, as a command sends it."""
ControlMessage: TypeAlias = Message | Forward
Joining: TypeAlias = Literal["at once"] | ControlKey | None
"""How ids join: where all customers are in one place, by control records, or not at all."""


def is_control(record: Record) -> bool:
    """Say whether a record is, or pretends to be, a control record."""
    for name, _ in record.headers:  # noqa: SIM110 (written out, as it runs for every control record)
        if name == HEADER:
            return True
    return False


def mark_id(customer: str, key: ControlKey) -> bytes:
    """Return the keyed hash under which a mark is kept: longer than the id of any layout."""
    return blake2b(customer.encode(), digest_size=MARK_BYTES, key=key.secret[:64]).digest()


def layouts_and_marks(kept: Mapping[bytes, bytes]) -> tuple[dict[bytes, bytes], dict[bytes, bytes]]:
    """Return the layouts and the marks among what a store keeps of a partition."""
    marks = {one: data for one, data in kept.items() if len(one) == MARK_BYTES}
    return {one: data for one, data in kept.items() if one not in marks}, marks


def order_record(order: Order, key: ControlKey) -> Control:
    """Return the signed record of an order."""
    return Signer(key).signed(order.customer, _ENCODER.encode(_order(order)))


def _order(order: Order) -> Packed:
    match order:
        case Erase():
            return ("erase", order.time)
        case Unlink():
            return ("unlink", order.user)
        case Suppress():
            return ("suppress",)
        case Release():
            return ("release",)


@final
class Signer:
    """Signs the control records of a group: HMAC-SHA-256, its two keyed hashes begun only once.

    `hmac.digest` takes most of its time to begin them, and every message is signed and verified.
    """

    def __init__(self, key: ControlKey) -> None:
        secret = key.secret if len(key.secret) <= _BLOCK else sha256(key.secret).digest()
        block = secret.ljust(_BLOCK, b"\0")
        self.head = f"{VERSION} {key.group}".encode()
        self._inner = sha256(bytes([byte ^ 0x36 for byte in block]) + self.head + b"\n")
        self._outer = sha256(bytes([byte ^ 0x5C for byte in block]))

    def signature(self, customer: bytes, value: bytes) -> bytes:
        """Return what the header of that name holds beside this key and this value."""
        inner = self._inner.copy()
        inner.update(customer + b"\n" + value)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest().encode()

    def signed(self, customer: str, value: bytes) -> Control:
        """Return the record of a message."""
        signature = self.signature(customer.encode(), value)
        return _new(Control, (customer, value, ((HEADER, self.head), (SIGNATURE, signature))))


class ControlCodec:
    """Messages of one group to records and back."""

    def __init__(self, rules: RuleSet, key: ControlKey) -> None:
        self._rules = rules
        self._signer = Signer(key)
        self._slots = dict(zip(rules.cell_keys, rules.cells, strict=True))

    def encode(self, message: ControlMessage) -> Control:
        """Return the record of a message."""
        return self._signer.signed(message.customer, _ENCODER.encode(self._plain(message)))

    def decode(self, record: Record) -> ControlMessage:
        """Return the message in a record; raises `InvalidEvent` where it is none of this group."""
        headers = dict(record.headers)
        if headers[HEADER] != self._signer.head:
            said = headers[HEADER].decode(errors="replace")[:80]
            raise InvalidEvent(f"a control record of another group or version: {said}", "")
        key = record.key or b""
        signature = self._signer.signature(key, record.value)
        if not hmac.compare_digest(signature, headers.get(SIGNATURE, b"")):
            raise InvalidEvent("a control record whose signature is wrong", "")
        try:
            return self._message(key.decode(), _DECODER.decode(record.value), record)
        except (msgspec.MsgspecError, LookupError, TypeError, ValueError) as error:
            raise InvalidEvent(f"a control record that cannot be read: {error}", "") from error

    def _plain(self, message: ControlMessage) -> Packed:
        match message:
            case Link():
                return ("link", message.user, message.time)
            case Join():
                return ("join", message.anonymous, *self._history(message.profile))
            case Dropped():
                return ("dropped", message.anonymous)
            case Forward():
                inner = message.record
                headers = [(name, text) for name, text in inner.headers]
                return ("forward", inner.key, inner.value, inner.appended, headers)
            case _:
                return _order(message)

    def _message(self, customer: str, plain: Packed, record: Record) -> ControlMessage:
        match plain:
            case ["join", anonymous, *history]:
                return _new(Join, (customer, anonymous, self._profile(anonymous, history)))
            case ["link", user, time]:
                return _new(Link, (customer, user, time))
            case ["dropped", anonymous]:
                return Dropped(customer, anonymous)
            case ["forward", key, value, appended, headers]:
                kept = tuple((name, text) for name, text in headers)
                inner = record._replace(key=key, value=value, appended=appended, headers=kept)
                return Forward(customer, inner)
            case ["erase", time]:
                return Erase(customer, time)
            case ["unlink", user]:
                return Unlink(customer, user)
            case ["suppress"]:
                return Suppress(customer)
            case ["release"]:
                return Release(customer)
        raise ValueError(f"unknown kind {plain[0]!r}")

    def _history(self, profile: Profile) -> tuple[Packed, ...]:
        last, base = profile.last, profile.base
        cells: list[tuple[bytes, bytes]] = []
        for key, cell in self._slots.items():
            raw, state = profile.frozen[cell.slot], profile.states[cell.slot]
            if raw is None and state is not None:
                out = BytesWriter()
                state.write(out, base)
                raw = out.getvalue()
            if raw is not None and not cell.of_memberships:
                cells.append((key, raw))
        times = [last - time for time in profile.id_times]
        return (profile.born, last, profile.clock, base, profile.ids, times, cells)

    def _profile(self, anonymous: str, history: Packed) -> Profile:
        born, last, clock, base, ids, times, cells = history
        rules = self._rules
        profile = Profile(anonymous, born, len(rules.cells), len(rules.segments))
        profile.last, profile.clock, profile.base = last, clock, base
        profile.ids, profile.id_times = ids, [last - time for time in times]
        for key, raw in cells:
            cell = self._slots.get(key)
            if cell is not None:
                profile.frozen[cell.slot] = raw
        return profile
