"""Attackers who add and subtract counts of zones, windows, operations and measures."""

from __future__ import annotations

from tests.attacks.attackers.published import ends
from tests.attacks.attackers.solving import known, possible

RINGS = ("50-250 m", "250-500 m")
SUMS = {
    "all rings": RINGS,
    "target and rings": ("target", *RINGS),
    "target, gap and rings": ("target", "0-50 m", *RINGS),
}


def zone_sums(folder, side, *, without, measure="finds", operation=0):
    """Return what all zones but one say of the single zones."""
    return [
        known(SUMS.get(one["zone"], one["zone"]), ends(one[side]))
        for one in folder.measure(measure, operation)["effects"]
        if one["zone"] != without
    ]


def by_zones(zone, side="before"):
    """Return the attacker who takes a zone's count from all others."""

    def recover(folder):
        label = ends(folder.effect(zone)[side])
        own = [known(zone, label)] if label[0] != label[1] else []
        return possible(zone, [*zone_sums(folder, side, without=zone), *own])

    return recover


def by_phases(zone, side, phase):
    """Return the attacker who takes a phase's count from the whole window and the other phases."""

    def recover(folder):
        rows = [one for one in folder.measure("finds")["phases"] if one["zone"] == zone]
        sums = [known([one["window"] for one in rows], ends(folder.effect(zone)[side]))]
        sums += [known(one["window"], ends(one[side])) for one in rows if one["window"] != phase]
        own = next(ends(one[side]) for one in rows if one["window"] == phase)
        return possible(phase, sums + ([known(phase, own)] if own[0] != own[1] else []))

    return recover


def by_two_measures(whole, parts, planted, *, zone="target", side="before"):
    """Return the attacker who takes one measure's count from another's that holds it."""

    def recover(folder):
        sums = [known(list(parts), ends(folder.effect(zone, measure=whole)[side]))]
        for name in parts:
            span = ends(folder.effect(zone, measure=name)[side])
            if name != planted or span[0] != span[1]:
                sums.append(known(name, span))
        return possible(planted, sums)

    return recover


def by_two_places(side="before", *, names=("finds", "finds")):
    """Return the attacker who takes what lies between two targets from the counts in both."""

    def recover(folder):
        small, large = (
            ends(folder.effect("target", measure=name, operation=number)[side]) for number, name in enumerate(names)
        )
        return possible("between", [known("small", small), known(["small", "between"], large)])

    return recover


def by_two_releases(side="before", *, zone="target"):
    """Return the attacker who takes what a zone gained between two releases from the counts in both."""

    def recover(first, *second):
        sums = [known("old", ends(first.effect(zone)[side]))]
        sums += [known(["old", "gained"], ends(folder.effect(zone)[side])) for folder in second]
        return possible("gained", sums)

    return recover
