"""Slow, obvious versions: the referees."""

from __future__ import annotations

import math


def kernel_at(distance, bandwidth, kernel):
    """Return a kernel in the plane, from its textbook formula."""
    u, area = distance / bandwidth, math.pi * bandwidth**2
    if kernel == "gaussian":
        return math.exp(-u * u / 2) / (2 * area)
    if u >= 1:
        return 0.0
    return {
        "uniform": 1, "epanechnikov": 2 * (1 - u * u), "quartic": 3 * (1 - u * u) ** 2, "triweight": 4 * (1 - u * u) ** 3,
        "triangular": 3 * (1 - u),
    }[kernel] / area  # fmt: skip


def kernel_density(events, centres_x, centres_y, bandwidth, years, kernel="quartic"):
    """Return events per km2 per year at every centre, one event and cell at a time."""
    table = [[0.0] * len(centres_x) for _ in centres_y]
    for row, y in enumerate(centres_y):
        for column, x in enumerate(centres_x):
            for px, py, weight in events:
                table[row][column] += weight * kernel_at(math.hypot(x - px, y - py), bandwidth, kernel) * 1e6 / years
    return table


def share_inside(x, y, centres, inside, bandwidth, kernel):
    """Return the share of a kernel around (x, y), summed over `centres`, that lies on the centres `inside`."""
    heights = [kernel_at(math.hypot(cx - x, cy - y), bandwidth, kernel) for cx, cy in centres]
    return sum(h for h, there in zip(heights, inside, strict=True) if there) / sum(heights)


def leave_one_place_out(events, sigma, rarest=0.0):
    """Return the mean log likelihood and the least-squares criterion (negative) of a Gaussian, one place at a time.

    Below the density `rarest` the logarithm goes on as a line.
    """
    total = sum(weight for _, _, weight in events)

    def gauss(dx, dy, h):
        return math.exp(-(dx * dx + dy * dy) / (2 * h * h)) / (2 * math.pi * h * h)

    likelihood, cross = 0.0, 0.0
    for number, (x, y, weight) in enumerate(events):
        others = [event for other, event in enumerate(events) if other != number]
        # In logarithms, or a place far from all others is taken for an impossible one.
        logs = [math.log(w) - ((x - px) ** 2 + (y - py) ** 2) / (2 * sigma**2) for px, py, w in others]
        rest = max(logs) + math.log(sum(math.exp(one - max(logs)) for one in logs))
        rest -= math.log(2 * math.pi * sigma**2 * (total - weight))
        is_rare = rarest > 0 and rest < math.log(rarest)
        log_density = math.log(rarest) - 1 + math.exp(rest) / rarest if is_rare else rest
        likelihood += weight * log_density / total
        cross += weight * math.exp(rest) / total
    squared = (
        sum(v * w * gauss(x - px, y - py, sigma * math.sqrt(2)) for x, y, v in events for px, py, w in events)
        / total**2
    )
    return likelihood, 2 * cross - squared


def t_log_likelihood(events, centre, scatter, freedom=4):
    """Return the log likelihood of weighted places under a bivariate t distribution, without its constant."""
    (a, b), (_, c) = scatter
    determinant = a * c - b * b
    total = 0.0
    for x, y, weight in events:
        dx, dy = x - centre[0], y - centre[1]
        distance = (c * dx * dx - 2 * b * dx * dy + a * dy * dy) / determinant
        total -= weight * (math.log(determinant) / 2 + (freedom + 2) / 2 * math.log(1 + distance / freedom))
    return total


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
