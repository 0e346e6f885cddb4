"""Who may ask: the tokens of a TOML file, and the cookie that a page gets for one.

    [marketing]
    token = "…"           # or sha256 = "…", the hash of the token
    rate = 20             # questions a second, 50 without it

The cookie is for browsers, whose event streams can set no header. It names the token and its own
end, and is signed with the token's hash: so every instance with the same file takes it, nothing is
kept of it, and it ends with the token.
"""

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from streamer.adapters.toml import read_toml
from streamer.errors import UsageError

COOKIE: Final = "streamer_session"
COOKIE_S: Final = 12 * 3_600
"""How long a page stays logged in, in seconds."""
_RATE: Final = 50.0
_SHORTEST: Final = 16
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KNOWN: Final = frozenset({"token", "sha256", "rate"})


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its name for logs and metrics, its hash, and how many questions a second."""

    name: str
    hashed: str
    rate: float


class Tokens:
    """The tokens of a file."""

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._tokens = tuple(tokens)

    def find(self, secret: str) -> Token | None:
        """Return the token, None for one that is not known. Takes as long for either."""
        hashed = sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
        found = None
        for one in self._tokens:
            if hmac.compare_digest(one.hashed, hashed):
                found = one
        return found

    def cookie(self, token: Token, now: float) -> str:
        """Return the value of a cookie that is good for `COOKIE_S` from now on."""
        return _signed(token, str(int(now) + COOKIE_S))

    def of_cookie(self, value: str, now: float) -> Token | None:
        """Return the token that a cookie stands for, None for one that is over or not ours."""
        name, _, rest = value.partition(".")
        end, _, _ = rest.partition(".")
        token = next((one for one in self._tokens if one.name == name), None)
        if token is None or not (end.isascii() and end.isdigit()):
            return None
        good = hmac.compare_digest(_signed(token, end).encode(), value.encode("utf-8", "replace"))
        return token if good and int(end) > now else None


def _signed(token: Token, end: str) -> str:
    text = f"{token.name}.{end}"
    return f"{text}.{hmac.new(token.hashed.encode(), text.encode(), 'sha256').hexdigest()}"


def read_tokens(path: Path) -> Tokens:
    """Return the tokens of a file; raises `UsageError` that names the token and what is wrong."""
    tables = read_toml(path, "tokens")
    if not tables:
        raise UsageError(f"{path} has no tokens: expected a table for each, such as [marketing]")
    return Tokens(_token(name, table, f"{path}: {name}") for name, table in tables.items())


def _token(name: str, table: Any, place: str) -> Token:  # noqa: ANN401 (any TOML)
    if type(table) is not dict:
        raise UsageError(f"{place} must be a table: [{name}]")
    if _NAME.fullmatch(name) is None:
        raise UsageError(f"{place}: the name of a token has letters, digits, - and _ only")
    unknown = sorted(table.keys() - _KNOWN)
    if unknown:
        known = ", ".join(sorted(_KNOWN))
        raise UsageError(f"{place} has an unknown setting {unknown[0]}: {known}")
    rate = table.get("rate", _RATE)
    if type(rate) not in (int, float) or rate <= 0:
        raise UsageError(f"{place}: rate must be a number of questions a second, above 0")
    return Token(name, _hashed(table, place), float(rate))


def _hashed(table: dict[str, Any], place: str) -> str:
    secret, hashed = table.get("token"), table.get("sha256")
    if (secret is None) == (hashed is None):
        raise UsageError(f"{place} needs either token or sha256")
    if secret is not None:
        if type(secret) is not str or len(secret) < _SHORTEST:
            raise UsageError(f"{place}: a token is text of {_SHORTEST} characters at least")
        return sha256(secret.encode()).hexdigest()
    if type(hashed) is not str or _HASH.fullmatch(hashed.lower()) is None:
        raise UsageError(f"{place}: sha256 must be 64 hexadecimal digits")
    return hashed.lower()
