"""Slow, obvious versions: the referees."""

from __future__ import annotations

import math


def quartic_density(events, centres_x, centres_y, bandwidth, years):
    """Return events per km2 per year at every centre, one event and cell at a time."""
    table = [[0.0] * len(centres_x) for _ in centres_y]
    for row, y in enumerate(centres_y):
        for column, x in enumerate(centres_x):
            for px, py, weight in events:
                squared = ((x - px) ** 2 + (y - py) ** 2) / bandwidth**2
                if squared < 1:
                    table[row][column] += weight * 3 / (math.pi * bandwidth**2) * (1 - squared) ** 2 * 1e6 / years
    return table


def percent_volume_cells(values, share):
    """Return the set of positions of the cells of a percent-volume contour, ties at the cut included."""
    ranked = sorted((value, place) for place, value in enumerate(values) if value > 0)[::-1]
    total, held, cut = sum(value for value, _ in ranked), 0.0, None
    for value, _ in ranked:
        held += value
        if held >= share * total * (1 - 1e-12):
            cut = value
            break
    return {place for value, place in ranked if value >= cut}
