"""The brief as a Word document: the same answers, tables and figures as the pages, for boards that work in Word."""

from __future__ import annotations

from geoharm import _text
from geoharm._version import __version__
from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.report.exports.word_document import WordCell, WordWriter, new_document
from geoharm.report.file_names import file_names
from geoharm.report.maps.layers import credit_lines
from geoharm.report.maps.map_picture import map_picture
from geoharm.report.pages.brief import answer, cells, data, distance, harms, place_and_time, values
from geoharm.report.pages.brief.cells import StateCell
from geoharm.report.pages.report import release_line, release_note
from geoharm.report.wording.description import description_heading, description_note
from geoharm.report.wording.glossary import page_one_terms
from geoharm.report.wording.states import NO_DATA
from geoharm.report.wording.verdict import Verdict
from geoharm.report.wording.when import active_text, later_head

_ZONES = tuple(name for _, name in cells.ZONES)


def word_brief(release: Release, operation: ReleasedOperation, verdict: Verdict) -> bytes:
    """Return the brief on one operation as a ``.docx`` file; the same release gives the same bytes.

    It has the headings, tables, figures and notes of the brief of `report_page`; the bars in its tables are left out,
    because their numbers stand beside them. The annex is in the report only.

    Parameters
    ----------
    release : Release
    operation : ReleasedOperation
    verdict : Verdict
        The verdict on that operation.
    """
    about = operation.design.operation
    writer = new_document(
        title=f"{about.name}: {verdict.headline}",
        subject=release.study.name,
        foot=f"geoharm brief \u00b7 {about.name} \u00b7 {release.study.name}",
        paper=release.study.publish.paper,
    )
    brief = _Brief(writer, release, operation, verdict)
    brief.answer()
    if harms.has_intervals(verdict):
        brief.harm_by_harm()
    else:
        brief.by_distance()
    brief.values()
    if harms.has_intervals(verdict):
        brief.where()
        brief.when()
    brief.doubts()
    brief.mitigation()
    brief.data()
    brief.files_and_words()
    return writer.content()


class _Brief:
    """The parts of the brief, in the order of its pages."""

    def __init__(self, writer: WordWriter, release: Release, operation: ReleasedOperation, verdict: Verdict) -> None:
        self.writer, self.release, self.operation, self.verdict = writer, release, operation, verdict
        self.later = later_head(operation.design)

    def answer(self) -> None:
        writer, verdict, about = self.writer, self.verdict, self.operation.design.operation
        writer.heading(about.name, 0)
        kind = "placebo date" if about.placebo else about.tactic
        writer.paragraph(f"{self.release.study.name} \u00b7 {kind}, {active_text(about)}", "Subtitle")
        writer.paragraph(release_line(self.release), "Subtitle")
        if verdict.placebo_note:
            writer.paragraph(verdict.placebo_note, lead="Placebo:")
        writer.heading("Answer", 1)
        for clause in verdict.clauses:
            writer.paragraph(clause.text, "Quote")
        writer.paragraph(verdict.lead)
        rows = [
            [WordCell(each.name, more=(each.who,)), *(_state(cell) for cell in each.cells)]
            for each in answer.balance_lines(verdict)
        ]
        caption = f"The balance, harm by harm. {answer.balance_comparison(verdict, numbers='')}"
        writer.table(caption, ("Measure", *_ZONES), [*rows, *self._absent()], widths=(1.2, 1, 1, 1))
        writer.table(
            "What was compared",
            ("Fact", "Here"),
            answer.facts(self.release, self.operation, plan_at="see the plan below"),
            widths=(1, 3),
        )
        writer.heading("Four questions", 2)
        writer.table(
            "The four questions", ("Question", "Answer", "In numbers"),
            [[each.question, WordCell(each.answer, bold=True), each.detail] for each in verdict.answers], widths=(1, 1, 2.6),
        )  # fmt: skip
        self._sums()
        self._evidence()

    def _absent(self) -> list[list[WordCell | str]]:
        return [[_text.capitalised(name), *([NO_DATA] * len(_ZONES))] for name in self.verdict.absent]

    def _sums(self) -> None:
        """Add the lines that a reader can multiply."""
        lines = answer.sum_lines(self.verdict.multiplications, self.operation.design.later)
        if not lines:
            return
        heads = ("Measure and zone", *(_text.capitalised(meaning) for _, _, meaning in lines[0].cells))
        rows = [
            [f"{_text.capitalised(each.name)}, {each.zone}", *(f"{symbol} {number}".strip() for symbol, number, _ in each.cells)]
            for each in lines
        ]  # fmt: skip
        self.writer.table("Check it yourself", heads, rows, widths=(1.5, 1, 1, 1, 1, 1.1, 1.1))

    def _evidence(self) -> None:
        """Add what places like it did; where no interval is possible, the target counted in several ways."""
        writer = self.writer
        found = answer.evidence(self.verdict)
        if found is not None:
            writer.heading(found.heading, 2)
            for text in found.texts:
                writer.paragraph(text)
            writer.picture(found.charts[0], found.heading)
            if found.classes:
                heads = ("Change", *(span for span, _ in found.classes))
                counts = ["Places", *(count for _, count in found.classes)]
                writer.table("Places like it, by their change", heads, [counts])
        description = self.verdict.description
        if description is not None and not harms.primary_has_interval(self.operation):
            writer.heading(description_heading(description), 2)
            rows = [
                [each.name, each.before, each.after, each.expected, each.difference]
                for each in distance.description_lines(description)
            ]
            heads = ("Rows counted", "Before", self.later, "Control suggests", "Difference")
            writer.table("The target area, counted in several ways", heads, rows, widths=(2, 1, 1, 1, 1.4))
            writer.paragraph(description_note(description))

    def harm_by_harm(self) -> None:
        writer, verdict = self.writer, self.verdict
        writer.heading("Harm by harm", 1)
        lines, more = harms.multiple_lines(verdict)
        rows = [[WordCell(each.name, more=(each.who,)), *(_multiple(cell) for cell in each.cells)] for each in lines]
        caption = f"Change {harms.multiples_comparison(verdict)}, in events, with 95% intervals"
        writer.table(caption, ("Measure", *_ZONES), [*rows, *self._absent()], widths=(1.1, 1.2, 1.2, 1.2))
        for note in (more, verdict.sum_note):
            if note:
                writer.paragraph(note)

    def by_distance(self) -> None:
        writer, verdict, design = self.writer, self.verdict, self.operation.design
        writer.heading("By distance", 1)
        chart = distance.distance_charts(self.operation)[0]
        writer.picture(
            chart, f"{_text.capitalised(self.operation.primary.measure.unit)} a day, as a multiple of the level before"
        )
        days = (f"Before, {design.before.days:,} days", f"{self.later}, {design.after.days:,} days")
        heads = ("Where", *days, "Control suggests", "Difference", "Answer")
        for caption, lines in (
            ("Counts behind the figure", distance.distance_lines(self.operation)),
            ("The other harms", distance.other_harm_lines(verdict)),
        ):
            rows: list[list[WordCell | str]] = [
                [each.name, each.before, each.after, each.expected, each.difference, _state(each.state)]
                for each in lines
            ]
            if rows:
                writer.table(caption, heads, rows, widths=(1.6, 1, 1, 1, 1, 1.2))
        writer.paragraph("No 95% interval is possible in any row. An interval from counting alone would be too narrow.")

    def values(self) -> None:
        writer = self.writer
        writer.heading("Under whose values? Target and rings added up", 1)
        writer.paragraph(values.say_line(self.operation))
        lines = values.value_lines(self.operation)
        if not lines or not harms.has_intervals(self.verdict):
            return
        rows: list[list[WordCell | str]] = [
            [WordCell(each.name, more=(each.about,)), WordCell(each.total, more=(each.unit,) if each.unit else ()), WordCell(each.answer, bold=True)]
            for each in lines
        ]  # fmt: skip
        caption = "What every set of values says of all harms together; each has its own unit"
        writer.table(caption, ("Whose values", "Added up", "Answer"), rows, widths=(1.5, 1.2, 1.3))
        writer.paragraph(values.turning_line(self.operation), lead="What would turn it?")

    def where(self) -> None:
        self.writer.heading("Where", 1)
        drawn = map_picture(self.release, self.operation)
        if drawn is None:
            self.writer.paragraph("There is no map: too few events are located to draw one.")
        else:
            self.writer.picture(
                drawn, f"{drawn.title}. Darker: more. Thick line: target area; dotted: gap; dashed: rings"
            )

    def when(self) -> None:
        writer, operation = self.writer, self.operation
        writer.heading("When", 1)
        series = place_and_time.series_charts(operation)
        name = _text.capitalised(operation.primary.measure.name)
        if series is None:
            writer.paragraph("The counts over time are too small to be shown under the disclosure rule.")
        else:
            step = place_and_time.series_step(operation)
            writer.picture(
                series[0],
                f"{name} in the target area, a {step}. The dashed line is the control area, scaled to the same level before",
            )
        rows: list[list[WordCell | str]] = [
            [WordCell(each.name, more=(each.days,)), each.counted, each.expected, each.difference, _state(each.state)]
            for each in place_and_time.phase_lines(operation)
        ]
        if rows:
            heads = ("Phase", "Counted", "Expected", "Difference", "Answer")
            writer.table(f"{name} in the target area, phase by phase", heads, rows, widths=(1.8, 0.8, 0.8, 1.4, 1.2))

    def doubts(self) -> None:
        writer, verdict = self.writer, self.verdict
        writer.heading("What would change this verdict", 1)
        writer.paragraph("The weakest points, and what would settle each.")
        for threat in verdict.threats[: data.MAX_DOUBTS]:
            writer.numbered(f"{threat.title}.", f"{threat.text} Would settle it: {threat.settle}")
        others = len(verdict.threats) - data.MAX_DOUBTS
        more = f" {others} more {'doubt is' if others == 1 else 'doubts are'} in the report." if others > 0 else ""
        writer.paragraph(f"{verdict.not_tested}{more}")

    def mitigation(self) -> None:
        writer = self.writer
        writer.heading("What was done to soften harm", 1)
        rows = data.mitigation_rows(self.operation)
        if not rows:
            writer.paragraph("Nothing was entered. That does not mean that nothing was done.")
            return
        heads = ("Planned", "Done", "The harm it was to hold", "What became of that harm")
        writer.table("What was planned, and what became of the harm", heads, rows, widths=(1.6, 0.8, 1.2, 1.6))
        writer.paragraph(
            "Whether these measures held the harm is not told apart from what would have been without them."
        )

    def data(self) -> None:
        writer, plan = self.writer, self.release.preregistration
        writer.heading("The data, and what became of every row", 1)
        if self.verdict.notices:
            writer.paragraph("", lead="Read this about the data first")
            writer.bullets(self.verdict.notices)
        lines, more = data.file_lines(self.release)
        rows: list[list[WordCell | str]] = [[each.name, each.measures, each.recorder, *each.numbers] for each in lines]
        heads = ("File", "Measures", "Recorded by", *data.FILE_HEADS)
        writer.table(
            "Rows of every file: read = kept + rejected + duplicate",
            heads,
            rows,
            widths=(1.5, 1.6, 1, 0.9, 0.9, 0.9, 0.9, 0.9),
        )
        if more:
            writer.paragraph(f"And {more} more {'file' if more == 1 else 'files'}, in the report.")
        changes = f" {'; '.join(plan.changes)}." if plan.changes else ""
        digest = f" {plan.digest}" if plan.digest else ""
        writer.paragraph(f"{plan.explanation}{digest}{changes}", lead=f"{plan.kind.capitalize()}:")

    def files_and_words(self) -> None:
        writer, files = self.writer, file_names(self.release, self.operation)
        writer.heading("What else there is", 1)
        told = [f"{files.report}: the report, with everything behind this brief"]
        told += [f"{files.map}: the map, to zoom and print"] if files.map else []
        told += [f"{files.workbook}: every table"] if files.workbook else []
        writer.bullets([*told, f"{files.run}: every number, for machines"])
        writer.heading("Words used here", 1)
        for term, meaning in page_one_terms(self.operation):
            writer.paragraph(meaning, lead=f"{_text.capitalised(term)}:")
        writer.paragraph(release_note(self.release), "Subtitle")
        for line in credit_lines(self.release):
            writer.paragraph(line, "Subtitle")
        made = f"geoharm {__version__}, seed {self.release.study.seed}. The same files and version give this document again, byte for byte."
        writer.paragraph(made, "Subtitle")


def _state(cell: StateCell) -> WordCell:
    return WordCell(_text.capitalised(cell.word), bold=cell.is_strong)


def _multiple(cell: harms.MultipleCell) -> WordCell:
    """Return a measure in one zone: the word, then its numbers and why there are no others."""
    word = _text.capitalised(cell.state.word) + (f" ({cell.tag})" if cell.tag else "")
    numbers = f"{cell.difference} {cell.interval}".strip()
    return WordCell(
        word, bold=cell.state.is_strong, more=tuple(text for text in (numbers, cell.counts, cell.note) if text)
    )
