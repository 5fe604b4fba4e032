"""Attackers of rankings, appraisals, surveys and sums of harms: who has the weights, the years and the formula has the counts."""

from __future__ import annotations

import math
import re

from tests.attacks.attackers.published import ends, exact
from tests.attacks.attackers.solving import agreeing, known, possible

SMALL = set(range(41))
MARKET = set(range(20, 80))
YEARS = 4.0
# What a page that says "to the nearest ten" leaves of a count that was computed with.
TENS = {count: {n for n in range(count - 5, count + 6) if n > 4} for count in range(10, 500, 10)}


def _market(folder, name="market 1"):
    return next(one for one in folder.json("priorities.json")["markets"] if one["market"] == name)


def _count(folder, counted):
    """Return the counts that a computed count stands for: itself, or what the nearest ten leaves."""
    if abs(counted - round(counted)) > 1e-4:
        return set()
    return {round(counted)} if folder.release == "internal" else TENS.get(round(counted), set())


def threat_times_years(folder):
    """Multiply a threat's events a year by the years of the data."""
    value = _market(folder)["threats"]["injury"]["a_year"]
    return _count(folder, value * YEARS) if exact(value) else MARKET


def harm_over_weight(folder):
    """Divide the harm criterion by the weight of the only harm that has one, and multiply it by the years."""
    value = _market(folder)["criteria"]["harm"]["value"]
    return _count(folder, value * YEARS) if exact(value) else MARKET


def error_squared(folder):
    """Square the error of the harm criterion: counts divided by the years squared, times the dispersion.

    Without the noise of months that is 1; of what is published, a whole number, which the harm itself tells.
    """
    criterion = _market(folder)["criteria"]["harm"]
    error = criterion["standard_error"]
    if not exact(error) or not exact(criterion["value"]):
        return MARKET
    dispersion = 1 if folder.release == "internal" else round(error**2 * YEARS / criterion["value"])
    return _count(folder, error**2 * YEARS**2 / dispersion) & MARKET


def trend_of_years(folder):
    """Solve the trend for the last year, knowing that the year before had 60 events."""
    value = _market(folder)["criteria"]["trend"]["value"]
    return _count(folder, math.exp(value) * 60) & MARKET if exact(value) else MARKET


def night_share(folder):
    """Multiply the share at night by the events with an hour: all of the market's, from its events a year."""
    market = _market(folder)
    share, a_year = market["features"]["night share"], market["threats"]["injury"]["a_year"]
    if not exact(share) or not exact(a_year):
        return SMALL
    if folder.release == "internal":
        return agreeing(SMALL, lambda night: night / round(a_year * YEARS), share, tolerance=1e-7)
    return {n for tens in range(0, 50, 10) for n in (TENS[tens] if tens else {0}) if 0 <= share <= 1}


def beyond_reach(folder):
    """Multiply the share of harm beyond walking distance by the market's events."""
    gap = next(one for one in folder.json("priorities.json")["gaps"] if one["market"] == "market 1")
    a_year = _market(folder)["threats"]["injury"]["a_year"]
    if not exact(gap["share_beyond"]) or not exact(a_year):
        return SMALL
    return agreeing(SMALL, lambda beyond: beyond / round(a_year * YEARS), gap["share_beyond"], tolerance=1e-7)


def _survey_row(folder):
    """Return the first row of the table of survey estimates, by its heads; empty if there is none."""
    for rows in folder.tables().values():
        if rows and any("After, here, standard error" in head or "After, standard error" in head for head in rows[0]):
            return dict(zip(rows[0], rows[1], strict=True))
    return {}


def respondents(folder):
    """Solve a percentage and its error for the respondents, and these for how many gave the answer."""
    row = _survey_row(folder)
    value, error = (
        next((row[head] for head in row if head in names), "")
        for names in (("After", "After, here"), ("After, standard error", "After, here, standard error"))
    )
    try:
        share, deviation = float(value) / 100, float(error) / 100
    except ValueError:
        return SMALL
    # The digits that are shown leave a little room.
    loose_share = 5e-4 if round(float(value), 1) == float(value) else 1e-9
    loose_error = 0.05 if len(error.replace(".", "").strip("0")) <= 2 else 1e-7
    found = set()
    for people in range(1, 400):
        for given in range(people + 1):
            p = given / people
            if abs(p - share) <= loose_share and abs(math.sqrt(p * (1 - p) / people) / deviation - 1) <= loose_error:
                found.add(given)
    return found & SMALL if found else SMALL


def net_harm_minus_rows(profile):
    """Return the attacker who takes the shown harms from a profile's sum, and has the count from what is left."""

    def recover(folder):
        nets = folder.operations[0]["harm"]["net_harm"]
        net = next(one for one in nets if (one["profile"], one["zone"]) == (profile, "target"))
        effect = folder.effect("target", measure="overdoses")
        parts = {row["measure"]: row for row in net["rows"]}
        numbers = (
            net["low"],
            parts["finds"]["low"],
            effect["before"],
            effect["control_before"],
            effect["control_after"],
        )
        if not all(map(exact, numbers)):
            low, high = ends(effect["after"])
            return set(range(int(low), int(min(high, 40)) + 1))
        total, finds, before, c0, c1 = numbers
        change = (total - parts["finds"]["weight"] * finds) / parts["overdoses"]["weight"]
        return {count for count in SMALL if abs(change - (count - before * c1 / c0)) < 1e-5}

    return recover


def noxiousness_of_market(folder):
    """Solve harm per 100 of market activity for the harm after."""
    row = folder.operations[0]["harm"]["noxiousness"][0]
    market = folder.effect("target", measure=row["market"])["after"]
    if not exact(row["after"]) or not exact(market):
        low, high = ends(folder.effect("target", measure=row["measure"])["after"])
        return set(range(int(low), int(min(high, 40)) + 1))
    return agreeing(SMALL, lambda count: 100 * count / market, row["after"])


def corrected_for_reports(folder):
    """Solve the log ratio of reports for the harm after."""
    row = folder.operations[0]["harm"]["reporting_corrected"][0]
    effect = folder.effect("target", measure=row["measure"])
    numbers = (row["raw"]["value"], effect["before"], effect["control_before"], effect["control_after"])
    if not all(map(exact, numbers)):
        low, high = ends(effect["after"])
        return set(range(int(low), int(min(high, 40)) + 1))
    value, before, c0, c1 = numbers
    return agreeing(SMALL, lambda n: math.log(n * c0 / (before * c1)) if n else math.inf, value)


def pooled_minus_parts(read):
    """Return the attacker who takes the shown rows from a mean, and has the count after from the ratio that is left.

    Parameters
    ----------
    read : callable
        From a folder to the mean's log ratio, the rows as (log ratio, weight), and the counts (before, control before,
        control after) behind the row that is not shown; None where one of them is not there.
    """

    def recover(folder):
        known = read(folder)
        if known is None:
            return SMALL
        mean, rows, (before, c0, c1) = known
        left = (mean - sum(weight * value for value, weight in rows)) / (1 - sum(weight for _, weight in rows))
        return {n for n in range(1, 41) if abs(math.log(n * c0 / (before * c1)) - left) < 1e-6}

    return recover


def _tens(folder, number):
    """Return the ends of a count that was computed with: itself, or what the nearest ten leaves."""
    if folder.release == "internal":
        return number, number
    half = 5 if number % 20 == 0 else 4
    return max(number - half, 5), number + half


def _years_of_market(folder, years):
    """Return the events of a market in all years, in the last and in the one before, as far as its numbers give them.

    The harm gives all of them, and with its error the dispersion; the trend and its error give both years.
    """
    criteria = _market(folder)["criteria"]
    harm, trend = criteria["harm"], criteria["trend"]
    whole = harm["value"] * years
    dispersion = harm["standard_error"] ** 2 * years**2 / whole
    ratio = math.exp(trend["value"])
    before = dispersion * (1 / ratio + 1) / trend["standard_error"] ** 2
    return [_tens(folder, round(count)) for count in (whole, ratio * before, before)]


def by_two_rankings(years):
    """Return the attacker who takes a market's last year in one ranking from that in another, where it was drawn larger."""

    def recover(first, *second):
        sums = []
        for folder, parts in ((first, ("old",)), *((folder, ("old", "gained")) for folder in second)):
            whole, last, before = _years_of_market(folder, years)
            names = {year: [f"{part} {year}" for part in parts] for year in ("last", "before")}
            sums += [known(names["last"], last), known(names["before"], before)]
            sums.append(known([*names["last"], *names["before"]], whole))
        return possible("gained last", sums)

    return recover


def by_report_and_ranking(years):
    """Return the attacker who takes a target, before and after, from the events of a market that is a little larger."""

    def recover(report, *ranking):
        effect = report.effect("target", measure="overdoses")
        sums = [known(side, ends(effect[side])) for side in ("before", "after")]
        for folder in ranking:
            whole = round(_market(folder)["threats"]["injury"]["a_year"] * years)
            sums.append(known(["before", "after", "strip"], _tens(folder, whole)))
        return possible("strip", sums)

    return recover


def by_two_appraisals(report, *appraisal):
    """Take a target's events before from the baseline of a larger one in an appraisal: the table of its page has it."""
    sums = [known("old", ends(report.effect("target", measure="overdoses")["before"]))]
    for folder in appraisal:
        shown = re.search(
            r"overdoses.*?<td[^>]*>\s*(?:about )?([\d,]+)\s*</td>", folder.text("appraisal.html"), re.DOTALL
        )
        sums.append(known(["old", "strip"], _tens(folder, int(shown[1].replace(",", "")))))
    return possible("strip", sums)
