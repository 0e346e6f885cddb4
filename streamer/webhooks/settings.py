"""The endpoints of a TOML file, and their secrets from files or the environment.

    allow = ["crm.internal"]   # hosts that may have private addresses and speak plain HTTP

    [endpoints.crm]
    url = "https://crm.example/hooks"
    secrets = ["env:CRM_SECRET", "file:/run/secrets/crm_old"]
    segments = ["cart_abandoner", "engagement"]

`docs/webhooks.md` has the table of all settings. An error names the endpoint and the setting.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from streamer.adapters.toml import read_toml
from streamer.errors import UsageError
from streamer.language.scalars import MEMBERSHIP_PATTERN, duration
from streamer.types import DAY, HOUR, MINUTE, SECOND, Millis, SegmentChange

Form: TypeAlias = Literal["full", "thin"]
Begin: TypeAlias = Literal["now", "earliest"]

PAUSES: Final[tuple[Millis, ...]] = (
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
)
"""Between ten tries: 75.6 hours, as the specification of Standard Webhooks proposes."""
_MOST_PAUSES: Final = 50
_LONGEST_PAUSE: Final = 30 * DAY
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = range(24, 65)


@dataclass(frozen=True, slots=True)
class BreakerBounds:
    """When an endpoint gets a rest, for how long, and after how many failed probes it is off."""

    share: float = 0.7
    failures: int = 10
    window: Millis = 5 * MINUTE
    pause: Millis = 30 * SECOND
    probes: int = 10


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where changes go, and which. `segments` is None for all; a ladder's key means its tiers.

    `allowed` says that the host may have any address. `waiting` is how many changes may be in hand
    before no more are read. The secrets do not show in `repr`.
    """

    name: str
    url: str
    secrets: tuple[str, ...] = field(repr=False)
    segments: frozenset[str] | None = None
    directions: frozenset[str] = frozenset({"entered", "exited"})
    holdout: bool = False
    payload: Form = "full"
    begin: Begin = "now"
    timeout: Millis = 15 * SECOND
    pauses: tuple[Millis, ...] = PAUSES
    superseded: bool = True
    connections: int = 128
    waiting: int = 10_000
    enabled: bool = True
    breaker: BreakerBounds = BreakerBounds()
    allowed: bool = False

    def wants(self, change: SegmentChange) -> bool:
        """Return whether the change is to be sent."""
        return (
            change.direction in self.directions
            and (self.holdout or not change.holdout)
            and (
                self.segments is None
                or change.segment in self.segments
                or change.ladder in self.segments
            )
        )


def read_endpoints(path: Path, environment: Mapping[str, str]) -> tuple[Endpoint, ...]:
    """Return the endpoints of a file; raises `UsageError`."""
    top = _Table(read_toml(path, "endpoints"), str(path))
    allow = frozenset(host.lower() for host in top.texts("allow", ()))
    tables = top.table("endpoints")
    top.finish()
    if not tables.values:
        raise UsageError(f"{path} has no endpoints: expected a table for each: [endpoints.crm]")
    return tuple(_endpoint(name, tables.table(name), allow, environment) for name in tables.values)


def _endpoint(
    name: str, table: "_Table", allow: frozenset[str], environment: Mapping[str, str]
) -> Endpoint:
    if _NAME.fullmatch(name) is None:
        raise UsageError(f"{table.place}: a name has small letters, digits, - and _")
    url, allowed = _url(table, allow)
    segments = table.texts("segments", None)
    _check_each(
        table, "segments", segments or (), re.compile(MEMBERSHIP_PATTERN), "a segment's key"
    )
    directions = table.texts("directions", ("entered", "exited"))
    _check_each(table, "directions", directions, re.compile("entered|exited"), "entered or exited")
    found = Endpoint(
        name=name,
        url=url,
        secrets=tuple(
            _secret(source, f"{table.place}: secrets", environment)
            for source in table.texts("secrets", ())
        ),
        segments=None if segments is None else frozenset(segments),
        directions=frozenset(directions),
        holdout=table.truth("holdout", default=False),
        payload=table.one_of("payload", ("full", "thin")),  # type: ignore[arg-type] # one of these
        begin=table.one_of("begin", ("now", "earliest")),  # type: ignore[arg-type] # the same
        timeout=table.time("timeout", 15 * SECOND),
        pauses=_pauses(table),
        superseded=table.truth("superseded", default=True),
        connections=table.count("connections", 128),
        waiting=table.count("waiting", 10_000),
        enabled=table.truth("enabled", default=True),
        breaker=_breaker(table.table("breaker")),
        allowed=allowed,
    )
    table.finish()
    if not found.secrets:
        raise UsageError(
            f'{table.place} needs secrets = ["env:NAME"] or ["file:PATH"]: every request is signed'
        )
    return found


def _url(table: "_Table", allow: frozenset[str]) -> tuple[str, bool]:
    """Return the address, and whether its host may be anywhere."""
    url = table.text("url")
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise UsageError(f"{table.place}: url cannot be read: {error}") from None
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc:
        raise UsageError(f"{table.place}: url must be https://host/path, without user or password")
    if parts.scheme == "http" and host not in allow:
        raise UsageError(
            f'{table.place}: url must be https, unless the file says allow = ["{host}"]'
        )
    return url, host in allow


def _secret(source: str, place: str, environment: Mapping[str, str]) -> str:
    """Return the secret that stands where `source` says."""
    kind, _, name = source.partition(":")
    if kind not in {"env", "file"} or not name:
        raise UsageError(
            f"{place} says where each secret is, env:NAME or file:PATH, and never the secret itself"
        )
    if kind == "env":
        found = environment.get(name)
        if found is None:
            raise UsageError(f"{place}: the environment has no {name}")
    else:
        try:
            found = Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{place}: {name} cannot be read: {error}") from None
    secret = found.strip()
    try:
        size = len(base64.b64decode(secret.removeprefix(_PREFIX), validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if size not in _SECRET_BYTES:
        raise UsageError(
            f"{place}: {source} must hold {_PREFIX} and then 24 to 64 bytes in base64, as "
            f"`openssl rand -base64 32` writes them"
        )
    return secret


def _pauses(table: "_Table") -> tuple[Millis, ...]:
    texts = table.texts("retries", None)
    if texts is None:
        return PAUSES
    pauses = tuple(table.duration("retries", text) for text in texts)
    if len(pauses) > _MOST_PAUSES or max(pauses, default=0) > _LONGEST_PAUSE:
        raise UsageError(
            f"{table.place}: retries are at most {_MOST_PAUSES} pauses of at most 30 days"
        )
    return pauses


def _breaker(table: "_Table") -> BreakerBounds:
    usual = BreakerBounds()
    share = table.any("share", usual.share)
    if type(share) not in (int, float) or not 0 < share <= 1:
        raise UsageError(f"{table.place}: share must be a number above 0 and at most 1")
    found = BreakerBounds(
        share=share,
        failures=table.count("failures", usual.failures),
        window=table.time("window", usual.window),
        pause=table.time("pause", usual.pause),
        probes=table.count("probes", usual.probes),
    )
    table.finish()
    return found


def _check_each(
    table: "_Table", name: str, texts: tuple[str, ...], pattern: re.Pattern[str], what: str
) -> None:
    for text in texts:
        if pattern.fullmatch(text) is None:
            raise UsageError(f"{table.place}: {name}: {text!r} is not {what}")


class _Table:
    """A table whose settings are read one by one: those left at the end are unknown."""

    def __init__(self, values: Any, place: str) -> None:  # noqa: ANN401 (any TOML)
        if type(values) is not dict:
            raise UsageError(f"{place} must be a table")
        self.values = dict(values)
        self.place = place
        self._known: list[str] = []

    def finish(self) -> None:
        """Raise `UsageError` where a setting is left that was not read."""
        left = sorted(self.values.keys() - set(self._known))
        if left:
            known = ", ".join(sorted(self._known))
            raise UsageError(f"{self.place} has an unknown setting {left[0]}: {known}")

    def any(self, name: str, usual: Any) -> Any:  # noqa: ANN401 (any TOML)
        self._known.append(name)
        return self.values.get(name, usual)

    def table(self, name: str) -> "_Table":
        return _Table(self.any(name, {}), f"{self.place}: {name}")

    def text(self, name: str) -> str:
        found = self.any(name, None)
        if type(found) is not str or not found:
            raise UsageError(f'{self.place} needs {name} = "…"')
        return found

    def texts(self, name: str, usual: Any) -> Any:  # noqa: ANN401 (texts, or what is usual)
        found = self.any(name, None)
        if found is None:
            return usual
        if type(found) is not list or not all(type(each) is str for each in found):
            raise UsageError(f"{self.place}: {name} must be a list of texts")
        return tuple(found)

    def truth(self, name: str, *, default: bool) -> bool:
        found = self.any(name, default)
        if type(found) is not bool:
            raise UsageError(f"{self.place}: {name} must be true or false")
        return found

    def one_of(self, name: str, known: tuple[str, ...]) -> str:
        found = self.any(name, known[0])
        if found not in known:
            raise UsageError(f"{self.place}: {name} must be one of {', '.join(known)}")
        return str(found)

    def count(self, name: str, usual: int) -> int:
        found = self.any(name, usual)
        if type(found) is not int or not 0 < found <= 1_000_000:  # noqa: PLR2004
            raise UsageError(f"{self.place}: {name} must be a whole number, from 1 to 1,000,000")
        return found

    def time(self, name: str, usual: Millis) -> Millis:
        found = self.any(name, None)
        return usual if found is None else self.duration(name, found)

    def duration(self, name: str, found: object) -> Millis:
        millis = duration(found) if type(found) is str else None
        if not millis:
            raise UsageError(f"{self.place}: {name} must be a duration such as 30s or 5m")
        return millis
