"""The designs of a study's operations, and the windows in which each measure is mapped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from geoharm.errors import DesignError
from geoharm.evaluation.design.build import build_design
from geoharm.evaluation.design.network_rings import rings_along_streets
from geoharm.hotspots.comparison import comparison_windows
from geoharm.model.design import Design
from geoharm.model.ledger import SourceLedger
from geoharm.model.map_steps import map_steps
from geoharm.model.period import Window
from geoharm.model.reading import MAX_MARGIN
from geoharm.model.streets import Streets
from geoharm.model.study import Study
from geoharm.model.window_pair import WindowPair

WHOLE = ("", "whole period")


def design_operations(
    study: Study, ledgers: Sequence[SourceLedger], streets: Mapping[str, Streets]
) -> tuple[Design, ...]:
    """Return the design (zones and windows) of every operation of a study.

    Parameters
    ----------
    study : Study
    ledgers : sequence of SourceLedger
    streets : mapping of source to Streets
        Of the operations whose rings lie along streets.

    Raises
    ------
    DesignError
        With the reason, if no valid comparison can be made.
    """
    designs = []
    for operation in study.operations:
        others, margin = study.other_operations(operation), min(study.harm.unintended_harm.margin, MAX_MARGIN)
        design = build_design(operation, study.area, others, ledgers, margin=margin)
        designs.append(rings_along_streets(design, streets[operation.streets]) if operation.streets else design)
    return tuple(designs)


def map_windows(study: Study, designs: Sequence[Design], ledger: SourceLedger) -> dict[tuple[str, str], Window]:
    """Return the windows in which the measures of a source are mapped; the first is `WHOLE`.

    The keys are (operation or comparison, name of the window).
    """
    windows: dict[tuple[str, str], Window] = {WHOLE: ledger.whole_period}
    for design in designs:
        steps = map_steps(design, study.publish.steps, ledger.coverage, ledger.missing_months)
        windows |= {(design.operation.name, window.name): window for window in (design.before, design.after, *steps)}
    for pair in comparison_pairs(study, ledger):
        windows |= {(pair.name, window.name): window for window in (pair.before, pair.after)}
    return windows


def comparison_pairs(study: Study, ledger: SourceLedger) -> tuple[WindowPair, ...]:
    """Return the windows of every comparison that a source can carry."""
    pairs = []
    for comparison in study.comparisons:
        try:
            pairs.append(comparison_windows(comparison, ledger))
        except DesignError:
            # `compare_windows` says why.
            continue
    return tuple(pairs)
