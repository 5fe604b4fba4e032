"""Attackers who compare the releases of one folder, and read what the folder keeps of them."""

from __future__ import annotations

from tests.attacks.attackers.published import ends
from tests.attacks.attackers.solving import Known, known, possible


def by_shifted_window(first, *second):
    """Take what the target had in the days that a second release added to the window after."""
    sums = [known("old", ends(first.effect("target")["after"]))]
    sums += [known(["old", "gained"], ends(folder.effect("target")["after"])) for folder in second]
    return possible("gained", sums)


def by_late_row(first, *second):
    """Take what a target gained before, knowing that it gained as many by late rows there as in its first phase after."""
    sums = [
        known("old", ends(first.effect("target")["before"])),
        known("old after", ends(first.effect("target")["after"])),
    ]
    for folder in second:
        effect = folder.effect("target")
        sums.append(known(["old", "gained", "late"], ends(effect["before"])))
        sums.append(known(["old after", "late"], ends(effect["after"])))
    return possible("gained", sums)


def by_history(folder):
    """Solve all numbers that ``releases.json`` lists for the first ring's count before; places and times are mere names."""
    rows = folder.json("releases.json")["told"]
    wanted = next(
        (
            f"{place} {periods}"
            for text, *_, terms in rows
            if text.startswith("finds, 50-250 m, before")
            for _, _, (place,), periods in terms
        ),
        None,
    )
    if wanted is None:
        return by_own_label(folder)
    sums = []
    for _, low, high, _hidden, terms in rows:
        factors = {f"{place} {periods}": factor for factor, _, places, periods in terms for place in places}
        if set(factors) == {wanted} and low == high:
            continue
        sums.append(Known(factors, -1e9 if low is None else low, 1e9 if high is None else high))
    return possible(wanted, sums)


def by_own_label(folder):
    """Take the first ring from the sum of the rings: what an internal history, which holds files only, leaves to do."""
    rows = {zone: ends(folder.effect(zone)["before"]) for zone in ("250-500 m", "all rings")}
    return possible(
        "50-250 m", [known("250-500 m", rows["250-500 m"]), known(["50-250 m", "250-500 m"], rows["all rings"])]
    )
