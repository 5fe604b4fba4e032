"""Report section on methods and provenance: formulas with their sources, and the digest of every input."""

from __future__ import annotations

from geoharm._version import __version__
from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.report.cells import text_cell
from geoharm.report.document import BulletList, CellStyle, Column, Paragraph, Row, Section, Table
from geoharm.report.section_html import mono
from geoharm.report.sections.area_changes import AREA_METHODS
from geoharm.report.sections.comparisons import COMPARISON_METHODS
from geoharm.report.sections.patterns import PATTERN_METHODS
from geoharm.report.sections.places import HOTSPOT_METHODS
from geoharm.report.wording.captions import method_note


def methods_section(release: Release, operation: ReleasedOperation | None) -> tuple[Section, ...]:
    """Return how every number was computed, and from which files; without an operation, nothing about evaluations."""
    inputs = list(release.study.inputs.items())
    inputs += [(file.file, file.sha256) for ledger in release.all_ledgers for file in ledger.files]
    table = Table(
        (Column("File"), Column("SHA-256", style=CellStyle.CODE)),
        tuple(Row((text_cell(name), text_cell(digest))) for name, digest in inputs),
        caption="Inputs",
        stacks=False,
        boxed=False,
    )
    provenance = (
        f"geoharm {__version__}, seed {release.study.seed}; coordinates in {release.study.area.crs}. The same inputs, "
        "version and platform give this file again, byte for byte. Details are in run.json."
    )
    density = list(HOTSPOT_METHODS) if release.hotspots else []
    items = [*density, *PATTERN_METHODS] if operation is None else _evaluation_items(operation)
    items += COMPARISON_METHODS if release.comparisons else ()
    items += AREA_METHODS if release.area_outcomes else ()
    formulas = tuple((f"{text} ", mono(link)) if link else text for text, link in items)
    blocks = (BulletList(formulas), table, Paragraph(provenance, "small"))
    return (Section("methods", "Methods and provenance", "For evaluators", blocks),)


def _evaluation_items(operation: ReleasedOperation) -> list[tuple[str, str]]:
    target = operation.primary.effect("target")
    design = operation.design
    items = [
        ("Calibrated rate ratio (target, all rings, both together): the outline of target and rings was placed on every other "
         "part of the study area that no operation touched. These places show how to forecast a count after (from the months "
         "before, discounted; how far busy places fall back; the other zone and an outer belt) and how large the forecast "
         "errors are, now and one window earlier. Each place is forecast from places that share no ground with it. A season of "
         "its own is used where it is clear. The part of the errors beyond counting noise is multiplied by how lively such "
         "places, and this one, were before. The variance is \u03c6\u03bc + "
         "\u03c4\u00b2\u03bc\u00b2. The interval inverts a t test on the scale on which that variance is constant; the "
         "change in events is after \u00d7 (1 \u2212 1/ratio) at both ends. " + method_note(target), "https://doi.org/10.1198/jasa.2009.ap08746"),
        ("No 95% interval is given with under 18 months before, under 20 other places, under 4 independent ones, none as "
         "busy as the zone, under 10 expected events, or over a fifth of the places not forecast from others. With under 2 independent places as "
         "busy as the zone, a change is \u201cprobably\u201d at most.", ""),
        ("Counting only (single rings, the gap): the zone's count after over before, divided by the control's. Its log has "
         "the variance \u03c6(1/before + 1/after), summed over zone and control; too narrow, because places also drift apart.",
         "https://doi.org/10.1007/s10940-021-09494-w"),
        ("Weighted displacement difference (WDD), the control scaled to the zone's count before; every distinct count "
         "enters the variance with the square of its summed coefficient, so a control that is used twice counts fourfold.",
         target.difference.reference),
        ("\u03c6, dispersion: squared deviations of monthly counts from their 7-month mean, over that mean; at least 1.", ""),
        ("Smallest detectable fall: 1 \u2212 exp(\u2212(t(.975) + t(.8)) \u00d7 the standard error of the log ratio); with the noise of "
         "counting only, the f with \u2212log(1 \u2212 f) = (1.96 + 0.84) \u00d7 the standard error at that fall: found four times in five.", ""),
        *HOTSPOT_METHODS,
        *PATTERN_METHODS,
        ("Statements, the first that holds: \u201cfell\u201d or \u201crose\u201d where the 95% interval leaves out zero; \u201cprobably\u201d "
         "where the 80% interval does, or where the 95% interval does and the design is weak (under 10 events expected, "
         "smallest detectable fall over half), a diagnostic weighs or the interval holds the noise of counting only, and never "
         "where the control area's count a day changed by more than a factor of 1.4 or doubtful rows counted the other way "
         "would change it; \u201cno rise over X%\u201d or \u201cno fall over X%\u201d where the one-sided 95% bound is at most "
         f"{design.margin:.0%}; else \u201ccannot tell\u201d.", "https://doi.org/10.1007/BF01068419"),
    ]  # fmt: skip
    return [*items, *((note, "") for note in design.notes)]
