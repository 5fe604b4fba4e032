"""A made city on a square grid, with the same footprint laid on every place: what the calibrated ratio was tried on."""

from __future__ import annotations

import numpy as np

from geoharm.evaluation.placebo.forecast import PlaceboSeries, forecast_count, similar_places

TARGET = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1)]


def around(cells, width):
    """Return the cells within so many of a set of cells."""
    steps = range(-width, width + 1)
    return {(row + up, column + along) for row, column in cells for up in steps for along in steps}


class Grid:
    """Every translation of a 3 by 3 target and its ring that fits; gap of one cell, outer belt of three."""

    def __init__(self, side):
        whole = around(TARGET, 1)
        near = around(whole, 1)
        self.side = side
        self.parts = {"T": set(TARGET), "D": whole - set(TARGET), "G": near - whole, "O": around(near, 3) - near}
        self.centres = [(row, column) for row in range(2, side - 2) for column in range(2, side - 2)]
        self.member = {
            name: np.array([self.mask(cells, at) for at in self.centres]) for name, cells in self.parts.items()
        }
        self.member["U"] = self.member["T"] + self.member["D"]
        # Widened by one cell, inside the grid only.
        self.similarity = {}
        for zone in "TDU":
            wide = np.array([self.dilate(mask) for mask in self.member[zone]])
            shared = wide @ wide.T
            self.similarity[zone] = (shared / np.sqrt(np.outer(shared.diagonal(), shared.diagonal()))) ** 2
        self.share = (self.member["U"] @ self.member["U"].T) > 0
        self.xy = np.array(self.centres, dtype=np.float64)

    def mask(self, cells, at):
        table = np.zeros((self.side, self.side))
        for row, column in cells:
            r, c = row + at[0], column + at[1]
            if 0 <= r < self.side and 0 <= c < self.side:
                table[r, c] = 1.0
        return table.ravel()

    def dilate(self, mask):
        table = np.pad(mask.reshape(self.side, self.side), 1)
        moved = [table[1 + up : 1 + up + self.side, 1 + along : 1 + along + self.side]
                 for up in (-1, 0, 1) for along in (-1, 0, 1)]  # fmt: skip
        return (np.sum(moved, axis=0) > 0).astype(np.float64).ravel()


def made_counts(units, months, *, level=3, state=1):
    """Return whole counts by integer arithmetic only, so that every machine makes the same ones."""
    counts = np.zeros((units, months))
    for unit in range(units):
        busy = 1 + (unit * 2654435761 >> 7) % 8
        for month in range(months):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            season = 1 + (month % 12 in (5, 6, 7))
            counts[unit, month] = (state >> 40) % (1 + level * busy * season // 2)
    return counts


def zone_forecasts(grid, counts, place, months, *, seasons=True):
    """Return the forecast and the count after of target, ring and total of one place of the grid as the operation."""
    return {
        zone: (forecast_count(series, similarity=similarity, shares=shares), observed)
        for zone, (series, similarity, shares, observed) in zone_series(
            grid, counts, place, months, seasons=seasons
        ).items()
    }


def zone_series(grid, counts, place, months, *, seasons=True):
    """Return what a forecast is learned at by zone: series, similarity, shared ground; and the count after.

    Without seasons, all months before lie in another calendar month than those after, so that no season is learned.
    """
    after = counts.shape[1] - months
    own = {name: grid.member[name][place] for name in ("T", "D", "U", "G", "O")}
    touched = own["U"] + own["G"]
    free = np.flatnonzero(grid.member["U"] @ touched == 0)
    rest = counts * (1 - touched)[:, None]
    city = rest.sum(axis=0)
    of = {zone: grid.member[zone][free] @ counts for zone in "TDU"}
    mine = {zone: own[zone] @ counts for zone in "TDU"}
    belt, own_belt = grid.member["O"][free] @ rest, own["O"] @ rest
    found = {}
    for zone, companion in (("T", "D"), ("D", "T"), ("U", None)):
        peak, own_peak = (
            np.log((table["T"][..., :months].sum(axis=-1) + 2) / (table["D"][..., :months].sum(axis=-1) + 2))
            for table in (of, mine)
        )
        series = PlaceboSeries(
            zone=of[zone], companion=of[companion] if companion else 0 * of[zone], belt=belt, city=city - of["U"],
            own_zone=mine[zone], own_companion=mine[companion] if companion else 0 * city, own_belt=own_belt,
            own_city=city, peak=peak - own_peak, calendar=np.arange(-months, 0) % 12 if seasons else np.full(months, 11),
            after_calendar=np.bincount(np.arange(after) % 12, minlength=12).astype(float), has_companion=companion is not None, after_months=float(after), months=months,
        )  # fmt: skip
        near = similar_places(series)
        row = free[near]
        found[zone] = (
            series.take(near), grid.similarity[zone][np.ix_(row, row)], grid.share[np.ix_(row, row)],
            int(mine[zone][months:].sum()),
        )  # fmt: skip
    return found
