"""One person: the history of an anonymous id joins that of the user who logs in with it.

Theory of operation (RULES.md, "Exact meaning", 24). Three profiles may be concerned, and each is
changed by its own step alone, which a message starts. So it does not matter whether the profiles
are in one place: in a file the messages take effect at once, one after another, and between
partitions each takes effect where it stands in the log.

1. `new_link`, at the profile of the user: an accepted event with both ids tells a `Link`, unless
   the pair is linked. The user's profile remembers the pairs that it has told.
2. A `Link` closes the profile of the anonymous id: what was due by the time of the event fires, the
   memberships exit, the profile goes out in a `Join`, and an *alias* stays in its place, which
   names the user. Where an alias is there already, policy `last` lets it name the new user, and a
   `Dropped` tells the user before; policy `first` leaves it.
3. A `Join` merges that profile into the user's.
4. An event of the anonymous id alone is the event of the user whom the alias names.
5. `Dropped` makes the user's profile forget the pair, so that the next event with both ids tells
   the link again: the user has come back to a device that somebody else has used in between.
6. `Erase` lets a profile exit everything and go, and its aliases with it; sent to an alias, it goes
   on to the user. `Unlink` ends aliases only: what has joined stays joined.

An alias is forgotten at the instant at which the last event or link of its id is `retention` old.
So a pair is told again when half of that has passed. An id that has come as a `user_id` is a
user's: it never becomes an alias, so nobody can take over the history of a user by naming it as an
anonymous id.
"""

from typing import Final, NamedTuple, TypeAlias, final

from mypy_extensions import mypyc_attr

from streamer.core.engine.decide import (
    MAX_AHEAD,
    Cause,
    Decision,
    fire,
    leave_everything,
)
from streamer.core.engine.merge import merge
from streamer.core.engine.program import RuleSet
from streamer.core.links import Link, Links, is_placeholder
from streamer.core.profile import Profile
from streamer.types import Event, Millis, SegmentChange

_MERGE: Final[Cause] = ("merge", None)
_ERASURE: Final[Cause] = ("erasure", None)
_ERASED: Final = ("the customer was erased",)
_RECOGNISED: Final = ("the visitor was recognised as a user",)
_new: Final = tuple.__new__


class Join(NamedTuple):
    """The closed profile of the id `anonymous` is to join that of the user `customer`."""

    customer: str
    anonymous: str
    profile: Profile


class Dropped(NamedTuple):
    """The events of the id `anonymous` are no longer those of the user `customer`."""

    customer: str
    anonymous: str


class Erase(NamedTuple):
    """Everything known of a person by `time` is to go: of the id, and of all ids joined into it."""

    customer: str
    time: Millis


class Unlink(NamedTuple):
    """The later events of an anonymous id are its own again: of all ids of a user, or of one id.

    An alias that names another user than `user` stays as it is; None is any user.
    """

    customer: str
    user: str | None = None


class Suppress(NamedTuple):
    """No event of the id is to be taken, until it is released."""

    customer: str


class Release(NamedTuple):
    """Events of the id are to be taken again."""

    customer: str


Message: TypeAlias = Link | Join | Dropped | Erase | Unlink | Suppress | Release
"""What one profile tells another one, that of `customer`."""


@final
@mypyc_attr(acyclic=True)
class Effect:
    """What a message did to a profile, and what that tells others.

    `kind` is `linked`, `joined` or `dropped`, or why nothing was linked.
    """

    __slots__ = ("decision", "kind", "messages")

    def __init__(self, decision: Decision, kind: str, messages: tuple[Message, ...] = ()) -> None:
        self.decision = decision
        self.kind = kind
        self.messages = messages


def new_link(rules: RuleSet, profile: Profile, event: Event) -> Link | str | None:
    """Return the link that an accepted event tells, or why it tells none although it could.

    `profile` is that of the event's customer after the event.
    """
    user, anonymous = event.user_id, event.anonymous_id
    if not is_of_user(event):
        return None
    links = profile.links
    if links is None:
        links = profile.links = Links()
    links.known = True
    if user is None or anonymous is None or anonymous == user:
        return None
    if links.is_told(anonymous, event.time, rules.retention):
        return None
    if is_placeholder(anonymous) or is_placeholder(user):
        return "placeholder"
    if not links.make_room(anonymous, profile.clock, rules.retention):
        return "too_many_ids"
    links.linked[anonymous] = event.time
    return _new(Link, (anonymous, user, event.time))  # a third of the time of a call


def receive(rules: RuleSet, profile: Profile | None, message: Message) -> Effect:
    """Let a message take effect on the profile of its customer. Takes profiles over."""
    match message:
        case Link():
            return _close(rules, profile, message)
        case Join():
            return _join(rules, profile, message)
        case Dropped():
            if profile is not None and profile.links is not None:
                profile.links.linked.pop(message.anonymous, None)
            return Effect(Decision(profile), "dropped")
        case Erase():
            return _erase(rules, profile, message)
        case Unlink():
            return _unlink(profile, message)
        case Suppress():
            return Effect(Decision(profile), "suppressed")
        case Release():
            return Effect(Decision(profile), "released")


def is_of_user(event: Event) -> bool:
    """Say whether an event's customer is a user, and no anonymous id."""
    anonymous = event.anonymous_id
    return event.user_id is not None or (anonymous is not None and anonymous != event.customer)


def stands_alone(rules: RuleSet, profile: Profile | None, event: Event) -> bool:
    """Say whether an event concerns no other id than its customer's: nearly every one does not.

    That is so of an anonymous id without a user, and of a user with a device that is linked. It
    holds for as long as the profile stays the same one.
    """
    links = None if profile is None else profile.links
    if event.user_id is None:
        anonymous = event.anonymous_id
        return links is None and (anonymous is None or anonymous == event.customer)
    if links is None or not links.known or links.user is not None:
        return False
    anonymous = event.anonymous_id
    return anonymous is None or links.is_told(anonymous, event.time, rules.retention)


def user_of(profile: Profile | None) -> str | None:
    """Return the user whom an alias names; None for any other profile."""
    return None if profile is None or profile.links is None else profile.links.user


def touch(rules: RuleSet, alias: Profile, event: Event) -> str | None:
    """Return whose an event of an alias is, and keep the alias; None if it has just ended."""
    if alias.wake <= event.time:
        return None
    if _in_time(event, rules.max_lateness):
        _keep(rules, alias, event.time)
    return user_of(alias)


def _in_time(event: Event, max_lateness: Millis) -> bool:
    """Say whether its append time lets an event be accepted."""
    appended = event.appended
    return appended is None or -max_lateness <= event.time - appended <= MAX_AHEAD


def _keep(rules: RuleSet, alias: Profile, time: Millis) -> None:
    """Keep an alias for the retention after an instant."""
    alias.last = alias.clock = max(alias.last, time)
    alias.wake = alias.last + rules.retention


def _close(rules: RuleSet, profile: Profile | None, link: Link) -> Effect:
    """Close the profile of an anonymous id, or let its alias name another user."""
    changes: list[SegmentChange] = []
    while profile is not None and profile.wake <= link.time:
        profile = fire(rules, profile, changes)
    links = None if profile is None else profile.links
    if links is not None and links.known:
        return Effect(Decision(profile, tuple(changes)), "is_a_user")
    if links is None:
        links = Links()
    if not links.admit(link.user, link.time):
        return Effect(Decision(profile, tuple(changes)), "too_many_users")
    messages: tuple[Message, ...] = ()
    before = links.user
    if before is not None and before != link.user and rules.last_user:
        messages = (Dropped(before, link.customer),)
    alias = profile
    if before is None:
        alias = Profile(link.customer, link.time, len(rules.cells), len(rules.segments))
        alias.links = links
        if profile is not None:
            changes += leave_everything(rules, profile, profile.clock, _MERGE, _RECOGNISED)
            alias.last = profile.last
            profile.links = None
            messages = (_new(Join, (link.user, link.customer, profile)),)
    assert alias is not None
    if before is None or rules.last_user:
        links.user = link.user
    _keep(rules, alias, link.time)
    return Effect(Decision(alias, tuple(changes)), "linked", messages)


def _erase(rules: RuleSet, profile: Profile | None, erase: Erase) -> Effect:
    """Exit everything, whatever the settings say, and forget the id; tell its other ids."""
    user = user_of(profile)
    if user is not None:
        return Effect(Decision(None), "erased", (Erase(user, erase.time),))
    changes: list[SegmentChange] = []
    while profile is not None and profile.wake <= erase.time:
        profile = fire(rules, profile, changes)
    if profile is None:
        return Effect(Decision(None, tuple(changes)), "erased")
    linked = () if profile.links is None else tuple(profile.links.linked)
    now = max(profile.clock, erase.time)
    changes += leave_everything(rules, profile, now, _ERASURE, _ERASED)
    others = tuple([Erase(anonymous, erase.time) for anonymous in linked])
    return Effect(Decision(None, tuple(changes)), "erased", others)


def _unlink(profile: Profile | None, unlink: Unlink) -> Effect:
    """Let an alias end, and its user forget the pair; or let all aliases of a user end."""
    links = None if profile is None else profile.links
    if profile is None or links is None:
        return Effect(Decision(profile), "unlinked")
    if links.user is None:
        linked, links.linked = tuple(links.linked), {}
        others = tuple([Unlink(anonymous, profile.customer) for anonymous in linked])
        return Effect(Decision(profile), "unlinked", others)
    if unlink.user not in (None, links.user):
        return Effect(Decision(profile), "unlinked")
    return Effect(Decision(None), "unlinked", (Dropped(links.user, unlink.customer),))


def _join(rules: RuleSet, profile: Profile | None, join: Join) -> Effect:
    """Merge the closed profile of an anonymous id into that of its user."""
    joined = join.profile
    if profile is None or user_of(profile) is not None:
        profile = Profile(join.customer, joined.born, len(rules.cells), len(rules.segments))
        profile.links = Links()
        profile.links.known = True
    return Effect(merge(rules, profile, joined), "joined")
