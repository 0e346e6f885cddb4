"""Where the rules that come with Streamer are."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parents[1]


def shipped_rules() -> Path:
    """Return the folder of the shipped rules.

    An installed package carries them inside; where it is used out of a source tree, they stand
    beside the package.
    """
    inside = _PACKAGE / "shipped" / "rules"
    return inside if inside.is_dir() else _PACKAGE.parent / "rules"
