"""The part of ``run.json`` on the harm assessment."""

from __future__ import annotations

from typing import Any

from geoharm.harm.results.net_harm import Acceptability, HarmAssessment, MeasureHarm, NetHarm
from geoharm.model.estimate import Estimate
from geoharm.report.format_numbers import to_record
from geoharm.report.wording.withheld import note_text, sentence_text


def harm_record(assessment: HarmAssessment | None) -> dict[str, Any] | None:
    """Return a released harm assessment as a dictionary for JSON; None without one.

    Undefined and unbounded numbers are null and have a note.
    """
    if assessment is None:
        return None
    return {
        "missing": list(assessment.missing),
        "limited_objective": assessment.limited_objective,
        "correlation": assessment.correlation,
        "profiles": [
            {"name": profile.name, "author": profile.author, "date": profile.date, "version": profile.version,
             "licence": profile.licence, "example": profile.example, "reference": profile.reference,
             "sums": [_net_harm_record(net) for net in assessment.of_profile(profile.name)]}
            for profile in assessment.profiles
        ],
        "acceptability": [_acceptability_record(acceptability) for acceptability in assessment.acceptability],
        "noxiousness": [
            {"zone": noxiousness.zone, "measure": noxiousness.measure, "market": noxiousness.market,
             "before": to_record(noxiousness.before), "after": to_record(noxiousness.after),
             "log_ratio": _estimate_record(noxiousness.ratio), "size": noxiousness.size_change, "reading": sentence_text(noxiousness.reading)}
            for noxiousness in assessment.noxiousness
        ],
        "watch": [
            {"measure": check.measure, "days": check.days, "metres": check.metres, "margin": check.margin, "state": check.state.value,
             "why": note_text(check.reason)}
            for check in (assessment.unintended_harm.checks if assessment.unintended_harm else ())
        ],
        "corrected": [
            {"zone": effect.zone, "measure": effect.measure, "comparator": effect.comparator,
             "as_recorded": _estimate_record(effect.raw), "comparators": _estimate_record(effect.effort),
             "corrected": _estimate_record(effect.corrected)}
            for effect in assessment.reporting_corrected
        ],
        "surveys": [
            {"name": change.indicator.name, "stands_for": change.indicator.stands_for, "here": _estimate_record(change.here),
             "elsewhere": _estimate_record(change.elsewhere), "net": _estimate_record(change.net)}
            for change in assessment.indicators
        ],
    }  # fmt: skip


def _net_harm_record(net: NetHarm) -> dict[str, Any]:
    return {
        "zone": net.zone,
        "low": to_record(net.low),
        "high": to_record(net.high),
        "interval": [to_record(net.interval.low), to_record(net.interval.high)],
        "draws_with_less_harm": [to_record(share) for share in net.share_fell],
        "interval_holds": "places without an operation" if net.calibrated else "noise of counting only, in part",
        "note": note_text(net.note),
        "parts": [_measure_record(row) for row in net.rows],
        "vetoes": [
            {"words": veto.words, "measure": veto.measure, "state": veto.state, "why": note_text(veto.reason)}
            for veto in net.vetoes
        ],
    }


def _measure_record(row: MeasureHarm) -> dict[str, Any]:
    return {
        "measure": row.measure.name,
        "unit": row.measure.unit,
        "weight": row.weight,
        "low": to_record(row.low),
        "high": to_record(row.high),
        "interval": [to_record(row.interval.low), to_record(row.interval.high)],
        "note": note_text(row.note),
    }


def _acceptability_record(acceptability: Acceptability) -> dict[str, Any]:
    return {
        "zone": acceptability.zone,
        "rates": acceptability.exchange_rates,
        "weightings": acceptability.weightings,
        "clearly_fell": to_record(acceptability.clearly_fell),
        "fell": to_record(acceptability.fell),
        "neither": to_record(acceptability.undecided),
        "rose": to_record(acceptability.rose),
        "clearly_rose": to_record(acceptability.clearly_rose),
        "central": [
            {"group": name, "all": to_record(every), "fell": to_record(fell), "rose": to_record(rose)}
            for name, every, fell, rose in acceptability.central_rates
        ],
        "flips": [{"group": tipping_point.group, "at": to_record(tipping_point.tipping_rate), "admissible": tipping_point.in_declared_range, "sentence": tipping_point.sentence} for tipping_point in acceptability.tipping_points],
        "note": note_text(acceptability.note),
    }  # fmt: skip


def _estimate_record(estimate: Estimate) -> dict[str, Any]:
    return {
        "value": to_record(estimate.value),
        "standard_error": to_record(estimate.standard_error),
        "note": note_text(estimate.note),
    }
