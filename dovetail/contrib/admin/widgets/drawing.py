"""Draw bar charts as SVG on the server, without scripts."""

from collections.abc import Sequence
from dataclasses import dataclass

from dovetail.translation import formats

WIDTH, HEIGHT = 600, 120
GAP = 0.2  # as a part of the width of a bar


@dataclass(frozen=True)
class Bar:
    """A rectangle, and its label."""

    label: str
    value: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Drawing:
    """The bars, the line through the middles of their ends, and the labels of the axis."""

    bars: Sequence[Bar]
    points: str
    first: str
    last: str
    highest: str
    total: str
    width: int = WIDTH
    height: int = HEIGHT


def draw(pairs: Sequence[tuple[str, float]]) -> Drawing:
    """Return the drawing of pairs (label, number); numbers may be negative."""
    numbers = [number for _, number in pairs]
    low, high = min([0, *numbers]), max([0, *numbers])
    scale, step = HEIGHT / ((high - low) or 1), WIDTH / (len(pairs) or 1)
    bars = [
        Bar(
            label=label,
            value=formats.number(number),
            x=round(place * step + step * GAP / 2, 2),
            y=round((high - max(number, 0)) * scale, 2),
            width=round(step * (1 - GAP), 2),
            height=round(abs(number) * scale, 2),
        )
        for place, (label, number) in enumerate(pairs)
    ]
    points = " ".join(
        f"{round(place * step + step / 2, 2)},{round((high - number) * scale, 2)}"
        for place, number in enumerate(numbers)
    )
    ends = (pairs[0][0], pairs[-1][0]) if pairs else ("", "")
    return Drawing(bars, points, *ends, formats.number(high), formats.number(sum(numbers)))
