"""The pictures of a report, as inline SVG; their colours come from the page's style.

Each says in words what it shows, for those who cannot see it.
"""

from collections.abc import Sequence
from typing import Final

from streamer.cli.report_page.tags import Html, joined, tag

_WIDE: Final = 300
_SIZE_HIGH: Final = 72
_MOVES_HIGH: Final = 22
_TOP: Final = 14
_MIDDLE: Final = _TOP + _SIZE_HIGH + 6 + _MOVES_HIGH
_HIGH: Final = _MIDDLE + _MOVES_HIGH + 16
_SPARK: Final = (96, 22)


def chart(
    sizes: Sequence[int],
    entered: Sequence[int],
    exited: Sequence[int],
    words: str,
    ends: tuple[str, str],
) -> Html:
    """Draw size as an area; below it who entered (up) and who left (down) in each step.

    All three have one number for each step. `ends` are the labels of the first and the last step.
    """
    most = max(*entered, *exited, 1)
    return tag(
        "svg",
        tag("title", words),
        _area(sizes, _WIDE, _SIZE_HIGH, _TOP),
        _line(_TOP + _SIZE_HIGH),
        tag("text", f"{max(sizes):,}", x="0", y=str(_TOP - 3), class_="mark"),
        _bars(entered, most, up=True),
        _bars(exited, most, up=False),
        _line(_MIDDLE),
        tag("text", ends[0], x="0", y=str(_HIGH - 2)),
        tag("text", ends[1], x=str(_WIDE), y=str(_HIGH - 2), text_anchor="end"),
        viewBox=f"0 0 {_WIDE} {_HIGH}",
        role="img",
        class_="chart",
    )


def spark(sizes: Sequence[int], words: str) -> Html:
    """Draw size as a small area without labels."""
    wide, high = _SPARK
    return tag(
        "svg",
        tag("title", words),
        _area(sizes, wide, high - 2, 1),
        viewBox=f"0 0 {wide} {high}",
        role="img",
        class_="spark",
    )


def bar(share: float) -> Html:
    """Draw a share, from 0 to 1, as a bar; the number stands beside it."""
    width = f"{min(max(share, 0), 1) * 100:.1f}"
    return tag(
        "svg",
        tag("rect", width="100", height="4", class_="track"),
        tag("rect", width=width, height="4", class_="fill"),
        viewBox="0 0 100 4",
        preserveAspectRatio="none",
        aria_hidden="true",
        class_="bar",
    )


def _area(sizes: Sequence[int], wide: float, high: float, top: float) -> Html:
    """Draw steps: each number is a flat piece, so that one step alone shows, too."""
    most = max(*sizes, 1)
    piece = wide / len(sizes)
    points = []
    for number, size in enumerate(sizes):
        level = f"{top + high * (1 - size / most):.1f}"
        points += [f"{number * piece:.1f},{level}", f"{(number + 1) * piece:.1f},{level}"]
    line = " ".join(points)
    floor = f"{top + high:.1f}"
    return joined(
        tag("polygon", points=f"0,{floor} {line} {wide},{floor}", class_="area"),
        tag("polyline", points=line, class_="edge"),
    )


def _bars(numbers: Sequence[int], most: int, *, up: bool) -> Html:
    piece = _WIDE / len(numbers)
    gap = min(1.0, piece / 4)
    pieces = []
    for place, number in enumerate(numbers):
        if number:
            high = max(0.7, _MOVES_HIGH * number / most)
            left, right = place * piece, (place + 1) * piece - gap
            end = _MIDDLE - high if up else _MIDDLE + high
            pieces.append(f"M{left:.1f} {_MIDDLE}V{end:.1f}H{right:.1f}V{_MIDDLE}z")
    return tag("path", d="".join(pieces), class_="in" if up else "out")


def _line(at: float) -> Html:
    return tag("line", x1="0", x2=str(_WIDE), y1=str(at), y2=str(at), class_="axis")
