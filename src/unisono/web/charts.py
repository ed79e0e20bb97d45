"""Charts as the server draws them: sizes are attributes, looks are classes of the style sheet, no script and no inline style.

Each says its sentence to whoever cannot see it; the figure itself stands above as a large number, and as a table where there is more than one.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from markupsafe import Markup, escape

WIDE, HIGH = 300, 100
"""The grid of a plot; it is stretched to its place, lines keep their width."""


def step(in_step: Sequence[int], everything: Sequence[int], sentence: str) -> Markup:
    """Two lines that meet where all is in step; what lies between them is filled."""
    low = min([*in_step, *everything], default=0)
    high = max([*in_step, *everything], default=0)
    # The foot of the plot is a little below the smallest value, so that a gap of a few among a thousand still shows.
    floor = max(0, low - max(1, high - low))
    upper, lower = _points(everything, floor, high), _points(in_step, floor, high)
    body = (
        f'<path class="a-step" d="M0 {HIGH} {_path(lower)} {WIDE} {HIGH}z"/>'
        f'<path class="a-gap" d="M{_path(upper)} {_path(reversed_points(lower))}z"/>'
        f'<path class="l-all" d="M{_path(upper)}"/><path class="l-step" d="M{_path(lower)}"/>'
    )
    return _plot(body, sentence)


def bars(values: Sequence[int], limit: int, sentence: str) -> Markup:
    """Bars under a dashed allowance, the last one dark."""
    high = max([*values, limit, 1])
    width = WIDE / max(1, len(values))
    body = "".join(
        f'<rect class="{"b-now" if place == len(values) - 1 else "b-quiet"}" x="{_n(place * width + width * 0.14)}" '
        f'y="{_n(HIGH - value / high * 88)}" width="{_n(width * 0.72)}" height="{_n(value / high * 88)}"/>'
        for place, value in enumerate(values)
    )
    line = f'<path class="l-limit" d="M0 {_n(HIGH - limit / high * 88)}H{WIDE}"/>' if limit else ""
    return _plot(body + line, sentence)


def meter(part: int, whole: int, sentence: str, look: str = "") -> Markup:
    """One bar that is filled so far."""
    share = min(100.0, part / whole * 100) if whole else 0.0
    return Markup('<svg class="meter {}" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>').format(
        look,
        sentence,
        Markup(f'<rect width="{_n(share)}" height="8"/>'),  # noqa: S704  # a number of ours
    )


def spark(in_step: Sequence[int], everything: Sequence[int], sentence: str) -> Markup:
    """``step`` as small as a word, for a row of a table."""
    low, high = min([*in_step, *everything], default=0), max([*in_step, *everything], default=0)
    floor = max(0, low - max(1, high - low))
    drawn = f'<path class="l-all" d="M{_path(_points(everything, floor, high))}"/><path class="l-step" d="M{_path(_points(in_step, floor, high))}"/>'
    return Markup(  # noqa: S704  # numbers of ours, and an escaped sentence
        f'<svg class="spark" viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none" role="img" aria-label="{escape(sentence)}">{drawn}</svg>'
    )


def ages(sums: Sequence[Decimal], sentence: str) -> Markup:
    """Bars side by side for what is not due and for what has been overdue ever longer; the latter hatched."""
    high = max([*sums, Decimal(1)])
    width = WIDE / max(1, len(sums))
    body = []
    for place, value in enumerate(sums):
        tall = float(max(value, Decimal(0)) / high) * 92
        left, right, top = place * width + width * 0.1, (place + 1) * width - width * 0.1, HIGH - tall
        look = "b-late" if place else "b-open"
        body.append(f'<rect class="{look}" x="{_n(left)}" y="{_n(top)}" width="{_n(right - left)}" height="{_n(tall)}"/>')
        if place and tall:
            body.append(f'<path class="l-hatch" d="{_hatch(left, right, top)}"/>')
    return _plot("".join(body), sentence)


def names(words: Sequence[str]) -> Markup:
    """What stands under the bars of a plot, one under each."""
    cells = Markup("").join(Markup("<span>{}</span>").format(word) for word in words)
    return Markup('<div class="under-bars">{}</div>').format(cells)


def ticks(first: str, last: str) -> Markup:
    """What the ends of a plot mean."""
    return Markup('<div class="ticks"><span>{}</span><span>{}</span></div>').format(first, last)


def reversed_points(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The way back along a line."""
    return list(reversed(points))


def _hatch(left: float, right: float, top: float) -> str:
    """Slanting lines within a bar."""
    step, out = 8.0, []
    at = top + step
    while at < HIGH + (right - left) * 0.4:
        low, high = at, at - (right - left) * 0.4
        x1, x2 = left, right
        if low > HIGH:
            x1, low = left + (low - HIGH) / 0.4, float(HIGH)
        if high < top:
            x2, high = right - (top - high) / 0.4, top
        if x2 > x1:
            out.append(f"M{_n(x1)} {_n(low)}L{_n(x2)} {_n(high)}")
        at += step
    return "".join(out)


def _plot(body: str, sentence: str) -> Markup:
    return Markup(  # noqa: S704  # numbers of ours, and an escaped sentence
        f'<svg class="plot" viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none" role="img" aria-label="{escape(sentence)}">'
        f'{body}<path class="l-base" d="M0 {HIGH}H{WIDE}"/></svg>'
    )


def _points(values: Sequence[int], floor: int, high: int) -> list[tuple[float, float]]:
    across = WIDE / max(1, len(values) - 1)
    height = max(1, high - floor)
    return [(place * across, HIGH - 8 - (value - floor) / height * (HIGH - 16)) for place, value in enumerate(values)]


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{_n(x)} {_n(y)}" for x, y in points)


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
