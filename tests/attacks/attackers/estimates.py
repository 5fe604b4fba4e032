"""Attackers who solve an estimate for the count that it was computed from."""

from __future__ import annotations

import math

from tests.attacks.attackers.published import ends, exact
from tests.attacks.attackers.solving import agreeing

SMALL = range(41)


def labelled(count):
    """Return the counts that a label alone leaves."""
    low, high = ends(count)
    return set(range(int(low), int(min(high, SMALL[-1])) + 1))


def _others(effect):
    """Return the counts beside the one before, if all of them are shown."""
    others = [effect["after"], effect["control_before"], effect["control_after"]]
    return others if all(map(exact, others)) else None


def _solved(number, formula, effect):
    found = SMALL if effect is None else labelled(effect["before"]) if not exact(effect["before"]) else SMALL
    return agreeing(found, formula, number) if exact(number) else set(found)


def from_difference(folder):
    """Solve the difference after - before x C1 / C0 for the count before."""
    effect = folder.effect("target")
    others = _others(effect)
    if not others:
        return labelled(effect["before"])
    after, c0, c1 = others
    return _solved(effect["difference"]["value"], lambda before: after - before * c1 / c0, effect)


def from_expected(folder):
    """Solve the expected count before x C1 / C0 for the count before."""
    effect = folder.effect("target")
    others = _others(effect)
    if not others:
        return labelled(effect["before"])
    _, c0, c1 = others
    return _solved(effect["expected"], lambda before: before * c1 / c0, effect)


def from_ratio(folder):
    """Solve the log rate ratio for the count before."""
    effect = folder.effect("target")
    others = _others(effect)
    if not others:
        return labelled(effect["before"])
    after, c0, c1 = others
    return _solved(
        effect["ratio"]["value"],
        lambda before: math.log(after * c0 / (before * c1)) if before else math.inf,
        effect,
    )


def from_error(folder):
    """Solve the error of counting for the count before; what the control adds to it follows from another zone's error."""
    effect, other = folder.effect("target"), folder.effect("250-500 m")
    numbers = [one for row in (effect, other) for one in (row["ratio"]["standard_error"], row["dispersion"])]
    if not all(map(exact, [*numbers, effect["after"], other["before"], other["after"]])):
        return labelled(effect["before"]) if not exact(effect["before"]) else set(SMALL)
    error, phi, other_error, other_phi = numbers
    control = other_error**2 - other_phi * (1 / other["before"] + 1 / other["after"])
    return agreeing(
        SMALL,
        lambda before: phi * (1 / before + 1 / effect["after"]) + control if before else math.inf,
        error**2,
        tolerance=1e-6,
    )


def from_profile(zone):
    """Return the attacker who solves the change by distance for a zone's count before."""

    def recover(folder):
        effect = folder.effect(zone)
        others = _others(effect)
        profile = folder.measure("finds")["other_estimators"]["distance_profile"]
        shown = {point["name"]: point["value"] for point in profile["points"]} if profile else {}
        if not others or not exact(shown.get(zone)):
            return labelled(effect["before"])
        after, c0, c1 = others
        return agreeing(SMALL, lambda n: math.log(after * c0 / (n * c1)) if n else math.inf, shown[zone])

    return recover


def from_answers_by_control(control):
    """Return the attacker who solves the answers against an area, after and in the last phase, for its first phase."""

    def recover(folder):
        found = folder.measure("finds")["other_estimators"]["specification_curve"]
        answers = {
            one["choices"]["window"]: one["estimate"]["value"]
            for one in (found or {"specifications": []})["specifications"]
            if (one["choices"]["control"], one["choices"]["reach"]) == (control, "target")
        }
        after = {one["window"]: one["after"] for one in folder.measure("finds")["phases"] if one["zone"] == "target"}
        after["after"], before = folder.effect("target")["after"], folder.effect("target")["before"]
        last = "3-6 months"
        if not all(map(exact, (answers.get("after"), answers.get(last), after["after"], after[last], before))):
            return set(SMALL)
        found = set()
        # The area was about level with the target before; else it would not have been tried.
        for base in range(3 * before // 4, 4 * before // 3):
            whole, part = (after[name] * base / (before * math.exp(answers[name])) for name in ("after", last))
            if max(abs(whole - round(whole)), abs(part - round(part))) < 1e-5:
                found.add(round(whole) - round(part))
        return found

    return recover


def from_decay(folder):
    """Solve the log ratio while the operation ran for the target's count in that week; the control had some dozens."""
    effect = folder.effect("target")
    rows = folder.measure("finds")["other_estimators"]["effect_decay"]
    value = next((one["initial"]["value"] for one in rows if one["zone"] == "target"), None)
    before, control = effect["before"], effect["control_before"]
    if not exact(value) or not exact(before) or not exact(control):
        return set(SMALL)
    digits = 5e-3 if round(value, 2) == value else 1e-8
    return {
        count
        for count in range(1, SMALL[-1] + 1)
        for there in range(12, 45)
        if abs(math.log(count * control / (there * before)) - value) < digits
    }
