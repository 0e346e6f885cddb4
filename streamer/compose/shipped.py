"""Where the rules that come with Streamer are."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parents[1]
_IN_THE_DEMO: Final = (
    "shop.yaml",
    "engagement/engagement.yaml",
    "cart_abandonment",
    "browsing",
    "repeat_purchase",
)


def shipped_rules() -> Path:
    """Return the folder of the shipped rules.

    An installed package carries them inside; where it is used out of a source tree, they stand
    beside the package.
    """
    inside = _PACKAGE / "shipped" / "rules"
    return inside if inside.is_dir() else _PACKAGE.parent / "rules"


def demo_rules() -> tuple[Path, ...]:
    """Return those of the shipped rules that the simulated shoppers bring to life.

    They answer no surveys, get no mail and call no service desk; and more segments than fit a
    screen cannot be watched.
    """
    return tuple(shipped_rules() / name for name in _IN_THE_DEMO)
