"""What harm adds up to, as it stands in ``run.json``."""

from __future__ import annotations

from typing import Any

from geoharm.harm.results.net_harm import Acceptability, HarmAssessment, MeasureHarm, NetHarm
from geoharm.model.estimate import Estimate
from geoharm.report.format_numbers import to_record


def harm_record(assessment: HarmAssessment | None) -> dict[str, Any] | None:
    """Return a disclosed balance as a dictionary for JSON; undefined and unbounded numbers as null beside their note."""
    if assessment is None:
        return None
    return {
        "missing": list(assessment.missing),
        "limited_objective": assessment.limited_objective,
        "correlation": assessment.correlation,
        "profiles": [
            {"name": one.name, "author": one.author, "date": one.date, "version": one.version, "licence": one.licence,
             "example": one.example, "reference": one.reference, "sums": [_net(net) for net in assessment.of_profile(one.name)]}
            for one in assessment.values
        ],
        "acceptability": [_acceptability(one) for one in assessment.acceptability],
        "noxiousness": [
            {"zone": one.zone, "measure": one.measure, "market": one.market, "before": to_record(one.before),
             "after": to_record(one.after), "log_ratio": _estimate(one.ratio), "size": one.size, "reading": one.reading}
            for one in assessment.noxiousness
        ],
        "watch": [
            {"measure": cell.measure, "days": cell.days, "metres": cell.metres, "margin": cell.margin, "state": cell.state.value,
             "why": cell.why}
            for cell in (assessment.unintended_harm.checks if assessment.unintended_harm else ())
        ],
        "corrected": [
            {"zone": one.zone, "measure": one.measure, "comparator": one.comparator, "as_recorded": _estimate(one.raw),
             "comparators": _estimate(one.effort), "corrected": _estimate(one.corrected)}
            for one in assessment.reporting_corrected
        ],
        "surveys": [
            {"name": one.indicator.name, "stands_for": one.indicator.stands_for, "here": _estimate(one.here),
             "elsewhere": _estimate(one.elsewhere), "net": _estimate(one.net)}
            for one in assessment.indicators
        ],
    }  # fmt: skip


def _net(net: NetHarm) -> dict[str, Any]:
    return {
        "zone": net.zone,
        "low": to_record(net.low),
        "high": to_record(net.high),
        "interval": [to_record(net.interval.low), to_record(net.interval.high)],
        "draws_with_less_harm": [to_record(share) for share in net.fell],
        "interval_holds": "places without an operation" if net.calibrated else "noise of counting only, in part",
        "note": net.note,
        "parts": [_row(row) for row in net.rows],
        "vetoes": [
            {"words": one.words, "measure": one.measure, "state": one.state, "why": one.why} for one in net.vetoes
        ],
    }


def _row(row: MeasureHarm) -> dict[str, Any]:
    return {
        "measure": row.measure.name,
        "unit": row.measure.unit,
        "weight": row.weight,
        "low": to_record(row.low),
        "high": to_record(row.high),
        "interval": [to_record(row.interval.low), to_record(row.interval.high)],
        "note": row.note,
    }


def _acceptability(one: Acceptability) -> dict[str, Any]:
    return {
        "zone": one.zone,
        "rates": one.rates,
        "weightings": one.weightings,
        "clearly_fell": to_record(one.clearly_fell),
        "fell": to_record(one.fell),
        "neither": to_record(one.neither),
        "rose": to_record(one.rose),
        "clearly_rose": to_record(one.clearly_rose),
        "central": [
            {"group": name, "all": to_record(every), "fell": to_record(fell), "rose": to_record(rose)}
            for name, every, fell, rose in one.central
        ],
        "flips": [{"group": flip.group, "at": to_record(flip.at), "admissible": flip.admissible, "sentence": flip.sentence} for flip in one.tipping_points],
        "note": one.note,
    }  # fmt: skip


def _estimate(one: Estimate) -> dict[str, Any]:
    return {"value": to_record(one.value), "standard_error": to_record(one.standard_error), "note": one.note}
