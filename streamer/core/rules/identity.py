"""What a rule, a cell or a program is, as bytes that no rename and no reformatting changes.

The encoding is JSON with sorted keys and without what is at its default. Every class of the rule
tree says by its `spec_kind` what it is called here, so renaming a class changes nothing; neither
does a new field whose default means what was meant before. A field that takes no part in
comparing (`compare=False`) is for people, and no part of the identity. Golden files in the tests
pin the bytes.
"""

import json
from dataclasses import MISSING, Field, fields, is_dataclass
from fractions import Fraction
from hashlib import blake2b, sha256
from typing import Any, Final

from streamer.core.rules.spec import Header, Ladder, Segment

KEY_BYTES: Final = 6


def canonical(value: object) -> Any:  # noqa: ANN401 (plain JSON)
    """Return a value of the rule tree as plain JSON values, defaults left out."""
    if isinstance(value, tuple | list):
        return [canonical(one) for one in value]
    if isinstance(value, Fraction):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        said = {
            field.name: canonical(part)
            for field in fields(value)
            if field.compare and (part := getattr(value, field.name)) != _default(field)
        }
        return {"type": value.spec_kind(), **said}  # type: ignore[attr-defined]
    return value


def _default(field: Field[Any]) -> object:
    if field.default is not MISSING:
        return field.default
    return MISSING if field.default_factory is MISSING else field.default_factory()


def encoded(plain: object) -> bytes:
    """Return plain JSON values in their one encoding."""
    return json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()


def cell_key(identity: object) -> bytes:
    """Return the 48-bit key under which a cell's state is stored."""
    return blake2b(encoded(identity), digest_size=KEY_BYTES).digest()


def version_of(header: Header, declarations: "list[Segment | Ladder]") -> str:
    """Return the hash of everything that decides: not titles, purposes, owners, tags or tests."""
    deciding = {
        "header": _deciding(header, {"events", "consents"}),
        "rules": [
            _deciding(one, {"title", "purpose"})
            for one in sorted(declarations, key=lambda one: one.key)
            if one.settings.enabled
        ],
    }
    return "sha256:" + sha256(encoded(deciding)).hexdigest()


def _deciding(value: object, left_out: set[str]) -> Any:  # noqa: ANN401 (plain JSON)
    said = canonical(value)
    said = {name: part for name, part in said.items() if name not in left_out}
    if "settings" in said:
        settings = said["settings"]
        said["settings"] = {n: p for n, p in settings.items() if n not in {"owner", "tags"}}
    return said
