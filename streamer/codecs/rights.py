"""What the sender of an event may say: a browser's key is public.

A public key may not name protected traits, and links an anonymous id to a user only with proof of
who the user is: an HMAC-SHA256 of the user's id, in hexadecimal, under `context.userHash`. Without:

* an alias call is refused, and under a key that asks for proof whatever gives a user traits, and an
  identify call;
* any other event that names a user and an anonymous id loses the anonymous id: it counts for the
  user, but does not join what the anonymous customer did to the user.
"""

import hmac
from typing import Any, Final, NamedTuple

from streamer.codecs.calls import ALIAS, is_call
from streamer.errors import InvalidEvent
from streamer.types import Event

PROOF: Final = "userHash"
"""The key in `context` that holds the HMAC. It is not kept."""

_CONSENT: Final = "consent"
_CATEGORIES: Final = "categoryPreferences"


class Rights(NamedTuple):
    """What one key may do. `name` is what logs and metrics call it, for the key is a secret."""

    name: str
    public: bool = False
    protected: frozenset[str] = frozenset()
    user_secret: bytes | None = None


def check_rights(event: Event, data: dict[str, Any], proof: object, rights: Rights) -> bool:
    """Return whether `data`, the event's own object, was changed; raises `InvalidEvent`.

    `event` is what `data` decodes to, `proof` what came as the HMAC.
    """
    if not rights.public:
        return False
    traits = _traits(event, data)
    if not rights.protected.isdisjoint(traits):
        name = min(rights.protected & traits)
        message = f"the trait {name} is protected: a public key may not name it"
        raise InvalidEvent(message, "/properties/traits")
    call = is_call(data)
    user_name, anonymous_name = ("userId", "anonymousId") if call else ("user_id", "anonymous_id")
    if data.get(user_name) in (None, "") or _is_proven(event.customer, proof, rights.user_secret):
        return False
    if call and data["type"] == ALIAS and rights.user_secret is None:
        message = (
            f"this key links no ids: an alias call needs context.{PROOF}, and the key a secret"
        )
        raise InvalidEvent(message, f"/properties/{user_name}")
    if rights.user_secret is not None and (traits or event.name == "identified"):
        message = f"this key needs context.{PROOF}, the HMAC of {user_name}, to say who a user is"
        raise InvalidEvent(message, f"/properties/{user_name}")
    return data.pop(anonymous_name, None) is not None


def _traits(event: Event, data: dict[str, Any]) -> set[str]:
    """Return the names of all traits that an event gives, wherever they stand in it."""
    names = set(event.traits or ())
    context = data.get("context")
    if type(context) is dict:
        if type(context.get("traits")) is dict:
            names.update(context["traits"])
        consent = context.get(_CONSENT)
        if type(consent) is dict and type(consent.get(_CATEGORIES)) is dict:
            names.update(f"{_CONSENT}.{category}" for category in consent[_CATEGORIES])
    return names


def _is_proven(user: str, proof: object, secret: bytes | None) -> bool:
    if type(proof) is not str or secret is None:
        return False
    wanted = hmac.new(secret, user.encode(), "sha256").hexdigest()
    return hmac.compare_digest(wanted.encode(), proof.encode("utf-8", "replace"))
