"""Where the rules and mappings that come with Streamer are.

An installed package carries them inside; where it is used out of a source tree, they stand beside
the package.
"""

from pathlib import Path
from typing import Final

from streamer.app.hints import hint
from streamer.errors import UsageError

_PACKAGE: Final = Path(__file__).parents[1]
_IN_THE_DEMO: Final = (
    "shop.yaml",
    "engagement/engagement.yaml",
    "cart_abandonment",
    "browsing",
    "repeat_purchase",
)


def shipped_rules() -> Path:
    """Return the folder of the shipped rules."""
    return _shipped("rules")


def demo_rules() -> tuple[Path, ...]:
    """Return those of the shipped rules that the simulated shoppers bring to life.

    They answer no surveys, get no mail and call no service desk; and more segments than fit a
    screen cannot be watched.
    """
    return tuple(shipped_rules() / name for name in _IN_THE_DEMO)


def mapping_file(said: str) -> Path:
    """Return the mapping file of that path, or the shipped one of that name.

    Raises `UsageError` for what is neither.
    """
    file = Path(said)
    if file.exists() or file.suffix or len(file.parts) != 1:
        return file
    known = {one.stem: one for one in sorted(_shipped("schemas").glob("mappings/*.yaml"))}
    if said in known:
        return known[said]
    none = f"{said} is no file, and no mapping of that name is shipped"
    raise UsageError(f"{none}: {hint(said, known)}")


def _shipped(name: str) -> Path:
    inside = _PACKAGE / "shipped" / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
