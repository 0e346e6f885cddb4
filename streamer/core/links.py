"""What a profile knows of other ids: which anonymous ids a user has, or whose an anonymous id is.

Guarantees bounds: a user has at most 100 anonymous ids, an anonymous id at most 5 users in 7 days.
A rule set without `identity` makes no `Links`, and its profiles are stored as before.
"""

from typing import Any, Final, NamedTuple, TypeAlias, final

from librt.strings import BytesWriter

from streamer.core.packing import put, put_list, put_number, put_text
from streamer.types import DAY, Millis

MOST_LINKED: Final = 100
"""How many anonymous ids one user has at most."""
MOST_USERS: Final = 5
"""How many users one anonymous id is linked to at most, within `SHARED`."""
SHARED: Final[Millis] = 7 * DAY
Packed: TypeAlias = Any
"""Lists, numbers and texts."""
_PLACEHOLDERS: Final = frozenset(
    ("null", "undefined", "none", "anonymous", "guest", "unknown", "test", "-1")
)


def is_placeholder(customer: str) -> bool:
    """Say whether an id is a placeholder, such as `null` or a UUID of zeros."""
    return customer.casefold() in _PLACEHOLDERS or ("0" in customer and not customer.strip("-0"))


@final
class Links:
    """What the profile of one id knows of other ids.

    `known` says that the id has come as a `user_id`. `linked` maps the anonymous ids of this user
    to the time of the event that told the link last. `user` is the user whose the events of this
    anonymous id are, None if they are its own; `users` maps the users that it was linked to lately
    to the time of their latest link.
    """

    __slots__ = ("known", "linked", "user", "users")

    def __init__(self) -> None:
        self.known = False
        self.linked: dict[str, Millis] = {}
        self.user: str | None = None
        self.users: dict[str, Millis] = {}

    def packed(self, base: Millis) -> Packed:
        """Return the links as plain values, instants as distances from `base`."""
        linked = [(one, base - at) for one, at in self.linked.items()]
        users = [(one, base - at) for one, at in self.users.items()]
        return (self.known, self.user, linked, users)

    def write(self, out: BytesWriter, base: Millis) -> None:
        """Append the bytes of what `packed` returns: most events of users meet it."""
        put_list(out, 4)
        put(out, self.known)
        put(out, self.user)
        _put_instants(out, self.linked, base)
        _put_instants(out, self.users, base)

    @classmethod
    def unpacked(cls, packed: Packed, base: Millis) -> "Links":
        """Return the links that were packed."""
        links = cls()
        links.known, links.user, linked, users = packed
        links.linked = {one: base - at for one, at in linked}
        links.users = {one: base - at for one, at in users}
        return links

    def is_told(self, anonymous: str, time: Millis, retention: Millis) -> bool:
        """Say whether the link need not be told again, so that it outlives its retention."""
        at = self.linked.get(anonymous)
        return at is not None and time < at + retention // 2

    def make_room(self, anonymous: str, clock: Millis, retention: Millis) -> bool:
        """Forget the links that were told too long ago; say whether there is room for this one."""
        self.linked = {one: at for one, at in self.linked.items() if at > clock - retention}
        return anonymous in self.linked or len(self.linked) < MOST_LINKED

    def admit(self, user: str, time: Millis) -> bool:
        """Note a link to a user, unless too many others were linked within 7 days."""
        latest = time
        for at in self.users.values():
            latest = max(latest, at)
        lately = {one: at for one, at in self.users.items() if at > latest - SHARED}
        if user not in lately and len(lately) >= MOST_USERS:
            return False
        lately[user] = max(time, lately.get(user, time))
        self.users = lately
        return True


def _put_instants(out: BytesWriter, known: dict[str, Millis], base: Millis) -> None:
    """Append ids and instants, as distances before `base`."""
    put_list(out, len(known))
    for one, at in known.items():
        put_list(out, 2)
        put_text(out, one)
        put_number(out, base - at)


class Link(NamedTuple):
    """An event of `user` came with the anonymous id `customer`, at `time`."""

    customer: str
    user: str
    time: Millis
