"""A line of some sixty pixels: members by day, as SVG of our own, since an index has a thousand of them."""

from __future__ import annotations

from collections.abc import Sequence

WIDTH, HEIGHT, MARGIN = 112, 28, 3
DAYS = 60


def sparkline_points(values: Sequence[int]) -> str:
    """The points of a polyline, from the first value to the last, the lowest at the bottom; level in the middle."""
    low, high = min(values), max(values)
    across = (WIDTH - 2 * MARGIN) / max(len(values) - 1, 1)
    up = (HEIGHT - 2 * MARGIN) / (high - low) if high > low else 0
    base = HEIGHT - MARGIN if high > low else HEIGHT / 2
    places = [(MARGIN + number * across, base - (value - low) * up) for number, value in enumerate(values)]
    return " ".join(f"{x:.4g},{y:.4g}" for x, y in _without_level_middles(places))


def _without_level_middles(places: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points on a level stretch say nothing."""
    return [
        place
        for number, place in enumerate(places)
        if number in (0, len(places) - 1) or not places[number - 1][1] == place[1] == places[number + 1][1]
    ]
