"""Report section on composite outcomes: several measures, rings or windows as one question."""

from __future__ import annotations

from collections.abc import Iterable

from geoharm import _text
from geoharm.disclosure.released import Release, ReleasedComposite, ReleasedCompositeResult
from geoharm.model.pooled import Forest
from geoharm.model.reading import bound_percent, statement
from geoharm.report.charts.robustness import forest_chart, ratio_text
from geoharm.report.document import Block, BulletList, Figure, Paragraph, Section, Subheading
from geoharm.report.section_html import mono
from geoharm.report.sections.forest import weights_table
from geoharm.report.wording.withheld import note_as_sentence, note_text
from geoharm.results import PreregistrationStatus

_SIDE_WORDS = {-1: "fewer than expected", 0: "not told apart from no change", 1: "more than expected"}


def composite_section(release: Release) -> tuple[Section, ...]:
    """Return one section for every composite outcome, with the answer for every operation; empty without them."""
    return tuple(
        _outcome_section(composite, release.preregistration, anchor="" if number else "questions")
        for number, composite in enumerate(release.composites)
    )


def _outcome_section(composite: ReleasedComposite, plan: PreregistrationStatus, *, anchor: str) -> Section:
    lead = (
        "Stated in the study file as one question. All parts that can be estimated have the same weight. "
        f"{plan.sentence}"
    )
    blocks: list[Block] = [Paragraph(lead, "how")]
    for result in composite.results:
        table_title = ""
        if len(composite.results) > 1:
            blocks.append(Subheading(result.operation))
            table_title = f"{composite.outcome.name}: {result.operation}"
        blocks += _result_blocks(result, table_title)
    if composite.pooled is not None:
        blocks.append(Paragraph(_pooled_sentence(composite.pooled)))
    return Section(anchor, f"Composite outcome: {composite.outcome.name}", "For the board", tuple(blocks))


def composite_sentence(result: ReleasedCompositeResult) -> str:
    """Return the pooled result of a composite outcome for one operation, in a sentence."""
    if not result.pooled.is_defined:
        return note_as_sentence(result.pooled.note)
    return (
        f"{ratio_text(result.pooled)} over {result.parts} parts: {statement(result.reading, bound_percent(result.pooled, result.reading))}. A common fall of "
        f"{_text.percent_text(result.detectable_fall)} or more would be found four times in five."
    )


def _result_blocks(result: ReleasedCompositeResult, table_title: str) -> Iterable[Block]:
    """Return the answer for one operation: its sentence, its parts as a chart and a table, and what is not listed."""
    sentence = composite_sentence(result)
    yield Paragraph(sentence)
    if result.rows:
        forest = Forest(result.rows, result.left_out, result.pooled if result.pooled.is_defined else None, result.note)
        chart = forest_chart(
            forest,
            finding=sentence.rstrip("."),
            rows_are="one part of the outcome each",
            diamond="all parts together, each with the same weight",
        )
        yield Figure(chart)
        yield weights_table("Part", result.rows, title=table_title, without_weight="not given")
    if result.left_out:
        yield Paragraph("Not listed:", "small")
        yield BulletList(_left_out_by_reason(result), "small")
    if result.note:
        note = f"{_text.capitalised(result.note)}. Ends of the parts' intervals carried over by MOVER (Zou and Donner 2008). "
        yield Paragraph((note, mono("https://doi.org/10.1002/sim.3095")), "small")


def _left_out_by_reason(result: ReleasedCompositeResult) -> tuple[str, ...]:
    reasons: dict[str, list[str]] = {}
    for label, reason in result.left_out:
        reasons.setdefault(note_text(reason), []).append(label)
    return tuple(f"{'; '.join(labels)}: {reason}" for reason, labels in reasons.items())


def _pooled_sentence(forest: Forest) -> str:
    if forest.pooled is None:
        return note_as_sentence(forest.note)
    side = _SIDE_WORDS[forest.pooled.interval().side]
    return f"All operations together: {ratio_text(forest.pooled)}, {side}; {note_text(forest.note)}."
