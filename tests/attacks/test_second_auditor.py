"""A second auditor on plain tables: tau-Argus finds the small counts safe, by its own solver.

The tables are zones by periods with their margins. Where a count is shown, tau-Argus takes it as known; where it is a label, as a
cell between 1 and k - 1; where it is withheld without one, as a secondary suppression. It must leave each small count 1 to k - 1.
"""

from __future__ import annotations

import pytest

from tests.attacks.attackers.counts import SUMS
from tests.attacks.attackers.published import ends, exact
from tests.attacks.worlds import one_operation, publish, table_with

audit_jj = pytest.importorskip("pytauargus.engine", reason="pytauargus is not installed").audit_jj

MOST, K = 100_000, 5
PHASES = ("0-3 months", "3-6 months")


def cells_of(folder):
    """Return every count of ``run.json`` by zone and period."""
    measure = folder.measure("finds")
    found = {}
    for effect in measure["effects"]:
        found[effect["zone"], "before"], found[effect["zone"], "after"] = effect["before"], effect["after"]
        found["control", "before"], found["control", "after"] = effect["control_before"], effect["control_after"]
    for phase in measure["phases"]:
        found[phase["zone"], phase["window"]] = phase["after"]
        found["control", phase["window"]] = phase["control_after"]
    return found


def sums_of(cells):
    """Return the margins: (cell, cells that add up to it)."""
    margins = [((zone, "after"), [(zone, phase) for phase in PHASES]) for zone in ("target", "all rings", "control")]
    margins += [
        ((zone, side), [(part, side) for part in parts]) for zone, parts in SUMS.items() for side in ("before", "after")
    ]
    return [(total, parts) for total, parts in margins if {total, *parts} <= cells.keys()]


def audited(shown, true, path):
    """Return the smallest and the largest value that tau-Argus finds for each cell that is not shown.

    Parameters
    ----------
    shown, true : mapping of cell to count
        As published, and as they are; tau-Argus wants the true value of each cell beside its bounds.
    path : Path
        Of the table in the format of Jorgens and Jensen, which tau-Argus reads.
    """
    names = list(shown)
    lines = ["0", str(len(names))]
    for number, name in enumerate(names):
        low, high = ends(shown[name])
        status = "s" if exact(shown[name]) else "u" if high < MOST else "m"
        low, high = (0, MOST) if status == "s" else (low, min(high, MOST))
        lines.append(f"{number} {true[name]} 1 {status} {low} {high} 0 0 0")
    margins = sums_of(shown)
    lines.append(str(len(margins)))
    for total, parts in margins:
        terms = " ".join(f"{names.index(part)} (1)" for part in parts)
        lines.append(f"0 {1 + len(parts)} : {names.index(total)} (-1) {terms}")
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    return {names[row["cell"]]: (row["min"], row["max"]) for row in audit_jj(str(path))}


TABLES = {
    "a small ring": table_with("50-250 m", 0, 3),
    "a small phase": table_with("target", 1, 2),
    "a small gap and ring": [[100, 30, 30], [4, 12, 12], [80, 20, 20], [90, 2, 1], [900, 300, 300]],
}


@pytest.mark.parametrize("name", TABLES)
def test_the_second_auditor_leaves_every_small_count_open(name, tmp_path):
    result = one_operation(TABLES[name])
    shown, true = (cells_of(publish(result, release)) for release in ("public", "internal"))
    small = [cell for cell, count in true.items() if 0 < count < K]
    assert small
    found = audited(shown, true, tmp_path / "table.jj")
    for cell in small:
        assert found[cell][0] <= 1 + 1e-6, cell
        assert found[cell][1] >= K - 1 - 1e-6, cell


def test_the_second_auditor_finds_a_label_without_secondary_suppression(tmp_path):
    """The referee: with the second ring shown, its sum leaves the first ring one value."""
    true = cells_of(publish(one_operation(TABLES["a small ring"]), "internal"))
    shown = true | {("50-250 m", "before"): {"suppressed": True, "below": 5}}
    assert audited(shown, true, tmp_path / "table.jj")["50-250 m", "before"] == pytest.approx((3, 3))
