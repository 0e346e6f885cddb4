"""The write keys: who may send events, from where, how many, and what of a customer they may say.

A TOML file holds one table for each key, under a name for logs and metrics:

    [web]
    key = "pk_5b1f"                       # or sha256 = "…", the hash of the key
    kind = "public"                       # shown to browsers; or "secret", for backends
    origins = ["https://shop.example"]    # of public keys; "*" for every page
    protected = ["vip", "credit_limit"]   # traits that this public key may not name
    user_secret = "…"                     # then a user is named with the HMAC of the id only
    rate = 1000                           # events a second, of all that use the key
    address_rate = 50                     # events a second, of each address

Keys are found by their hash, so how long a wrong one takes to refuse says nothing of the right one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from streamer.adapters.toml import read_toml
from streamer.codecs.rights import Rights
from streamer.errors import UsageError

EVERY_ORIGIN: Final = "*"
_PUBLIC_ADDRESS_RATE: Final = 100.0
_SHORTEST: Final = 8
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_KNOWN: Final = frozenset(
    {
        "key",
        "sha256",
        "kind",
        "origins",
        "protected",
        "user_secret",
        "rate",
        "address_rate",
    }
)
_PUBLIC_ONLY: Final = ("origins", "protected", "user_secret")


@dataclass(frozen=True, slots=True)
class Key:
    """One key's settings; rates are events a second, None for no limit."""

    rights: Rights
    origins: frozenset[str] = frozenset()
    rate: float | None = None
    address_rate: float | None = None

    def allows(self, origin: str | None) -> bool:
        """Return whether a page of this origin may send with the key; None is no page at all."""
        return origin is None or origin in self.origins or EVERY_ORIGIN in self.origins


class Keys:
    """All keys, by hash."""

    def __init__(self, keys: Mapping[str, Key]) -> None:
        self._keys = dict(keys)
        self._origins = frozenset(origin for key in keys.values() for origin in key.origins)

    def find(self, key: str) -> Key | None:
        """Return the settings of a key, None for a wrong one."""
        return self._keys.get(sha256(key.encode("utf-8", "surrogateescape")).hexdigest())

    def knows(self, origin: str) -> bool:
        """Return whether pages of this origin may send with one of the keys."""
        return origin in self._origins or EVERY_ORIGIN in self._origins


def read_keys(path: Path) -> Keys:
    """Return the keys of a file; raises `UsageError` that names the key and what is wrong."""
    tables = read_toml(path, "keys")
    if not tables:
        raise UsageError(f"{path} has no keys: expected a table for each, such as [web]")
    keys: dict[str, Key] = {}
    for name, table in tables.items():
        found, key = _key(name, table, f"{path}: {name}")
        if found in keys:
            raise UsageError(f"{path}: {name} is the same key as {keys[found].rights.name}")
        keys[found] = key
    return Keys(keys)


def _key(name: str, table: Any, place: str) -> tuple[str, Key]:  # noqa: ANN401 (any TOML)
    if type(table) is not dict:
        raise UsageError(f"{place} must be a table: [{name}]")
    unknown = sorted(table.keys() - _KNOWN)
    if unknown:
        raise UsageError(
            f"{place} has an unknown setting {unknown[0]}: {', '.join(sorted(_KNOWN))}"
        )
    kind = table.get("kind")
    if kind not in ("public", "secret"):
        raise UsageError(f'{place} needs kind = "public" or kind = "secret"')
    public = kind == "public"
    alien = [setting for setting in _PUBLIC_ONLY if setting in table and not public]
    if alien:
        raise UsageError(f"{place}: {alien[0]} is for public keys")
    secret = _text(table, "user_secret", place)
    rights = Rights(
        name,
        public,
        frozenset(_texts(table, "protected", place)),
        None if secret is None else secret.encode(),
    )
    address_rate = _rate(table, "address_rate", place)
    if address_rate is None and public:
        address_rate = _PUBLIC_ADDRESS_RATE
    return _hash(table, place), Key(
        rights,
        frozenset(_texts(table, "origins", place)),
        _rate(table, "rate", place),
        address_rate,
    )


def _hash(table: dict[str, Any], place: str) -> str:
    key, hashed = _text(table, "key", place), _text(table, "sha256", place)
    if (key is None) == (hashed is None):
        raise UsageError(f"{place} needs either key or sha256")
    if key is not None:
        if len(key) < _SHORTEST:
            raise UsageError(f"{place}: a key has at least {_SHORTEST} characters")
        return sha256(key.encode()).hexdigest()
    if hashed is None or _HASH.fullmatch(hashed.lower()) is None:
        raise UsageError(f"{place}: sha256 must be 64 hexadecimal digits")
    return hashed.lower()


def _text(table: dict[str, Any], name: str, place: str) -> str | None:
    value = table.get(name)
    if value is None or (type(value) is str and value):
        return value
    raise UsageError(f"{place}: {name} must be text")


def _texts(table: dict[str, Any], name: str, place: str) -> list[str]:
    value = table.get(name, [])
    if type(value) is list and all(type(each) is str for each in value):
        return value
    raise UsageError(f"{place}: {name} must be a list of texts")


def _rate(table: dict[str, Any], name: str, place: str) -> float | None:
    value = table.get(name)
    if value is None:
        return None
    if type(value) in (int, float) and value > 0:
        return float(value)
    raise UsageError(f"{place}: {name} must be a number of events a second, above 0")
