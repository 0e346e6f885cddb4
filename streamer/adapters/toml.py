"""Settings in TOML files: write keys, tokens, endpoints. Every error names the file."""

import tomllib
from pathlib import Path
from typing import Any

from streamer.errors import UsageError


def read_toml(path: Path, content: str) -> dict[str, Any]:
    """Return the top table of a file; raises `UsageError`, which says what its `content` is."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"the {content} in {path} cannot be read: {error}") from None
