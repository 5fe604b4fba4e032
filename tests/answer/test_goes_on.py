"""The words about a measure that goes on, about spells, and about an operation that ends with the data.

Nothing is after a measure that goes on, so no sentence about it says so.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from typer.testing import CliRunner

from geoharm.answer.nouns import Lasts
from geoharm.answer.questions import will_it_last
from geoharm.cli.app import app
from geoharm.cli.power import _print_table
from geoharm.evaluation.results.power import PowerRow, PowerTable
from geoharm.model.design import Design
from geoharm.model.geometry import ZoneRole
from geoharm.model.period import UNDER_WAY, Period
from geoharm.report.escape import asset
from geoharm.report.maps.web_map import _WORDS_OF_SCRIPT, _map_script
from geoharm.report.pages.report import report_page, report_sections
from geoharm.report.wording.questions import four_answers
from geoharm.report.wording.summary import summarise, summary_text
from geoharm.report.wording.verdict import verdict_of
from geoharm.report.wording.when import active_text, from_when, later_clause, later_head
from tests.conftest import small_study

DAYS = "start     = 2021-01-01\nend       = 2021-01-31\n"
PHASES = 'after     = ["during", "0-6 months"]\n'
SPELLS = (
    PHASES
    + """
[[operation.spell]]
start = 2021-01-01
end = 2021-01-07

[[operation.spell]]
start = 2021-01-20
end = 2021-01-31
"""
)
KINDS = {
    "goes on": ((DAYS, "start = 2021-01-01\nongoing = true\n"), (PHASES, 'after = ["0-3 months", "3-6 months"]\n')),
    "spells": ((DAYS, ""), (PHASES, SPELLS.replace('"during"', '"during", "between"'))),
    "ends with the data": ((DAYS, "start = 2021-02-01\nend = 2021-07-31\n"), (PHASES, 'after = ["during"]\n')),
}
# What is said of every study: of methods, of classes of a legend, of what is withheld.
GENERAL = (
    "Calibrated rate ratio (target, all rings", "Counting only (single rings, the gap)", "Density: the sum of all events",
    "Pattern shift: each area", "a smaller share after", "a larger share after", "what would have been counted after, had",
    "level after against its own trend and season before", "before minus after", "Its count after stands against",
    "the belt outside the rings after", "the only step that uses the count after", "The numbers on after",
)  # fmt: skip


class Words(HTMLParser):
    """The texts of a page, one a block, and those of its labels."""

    BLOCKS = frozenset(
        [
            "p",
            "td",
            "th",
            "li",
            "h1",
            "h2",
            "h3",
            "h4",
            "div",
            "figcaption",
            "caption",
            "text",
            "title",
            "dt",
            "dd",
            "summary",
            "label",
            "button",
            "option",
            "tspan",
        ]
    )
    LABELS = frozenset({"alt", "aria-label", "title", "data-head"})

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = [""]
        self.hidden = 0

    def handle_starttag(self, tag, attrs):
        self.hidden += tag in ("script", "style")
        self.texts += [value for key, value in attrs if key in self.LABELS and value]
        if tag in self.BLOCKS:
            self.texts.append("")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("script", "style")
        if tag in self.BLOCKS:
            self.texts.append("")

    def handle_data(self, data):
        if not self.hidden:
            self.texts[-1] += data


def told_after(text: str) -> list[str]:
    """Return the blocks of a page that say "after", but for what is said of every study."""
    words = Words()
    words.feed(text)
    blocks = {" ".join(block.split()) for block in words.texts}
    return [
        block for block in sorted(blocks)
        if re.search(r"\bafter\b", block, re.IGNORECASE) and not any(general in block for general in GENERAL)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Return the folder of pages and what was printed, by kind of operation in time."""
    found = {}
    for name, changes in KINDS.items():
        folder = tmp_path_factory.mktemp("run")
        path = small_study(folder, release="internal")
        text = path.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
        arguments = [
            "run",
            str(path),
            "--data",
            str(folder),
            "--db",
            str(folder / "d.duckdb"),
            "--out",
            str(folder / "out"),
        ]
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.output
        found[name] = folder / "out", done.output
    return found


def page(folder, name):
    return next(folder.glob(f"{name}*.html")).read_text(encoding="utf-8")


def test_no_page_of_a_measure_that_goes_on_says_after(runs):
    folder, printed = runs["goes on"]
    for name in ("report", "map", "embed"):
        assert told_after(page(folder, name)) == [], name
    assert not re.search(r"\bafter\b", printed)
    assert not re.search(r"\bafter\b", next(folder.glob("summary*.txt")).read_text(encoding="utf-8"))
    report = page(folder, "report")
    assert "In the 181 days since it began, " in report
    assert "Has it lasted so far?" in report
    assert "Will it last?" not in report
    assert "since it ended" not in report
    assert "Decay since it began" in report
    assert "crackdown, since 1 January 2021, goes on" in report
    assert '<th scope="col" class="n">Since, 181 days</th>' in report


def test_the_search_for_after_finds_it_in_another_study(runs):
    assert len(told_after(page(runs["spells"][0], "report"))) > 10
    assert told_after(page(runs["spells"][0], "map"))
    assert told_after(page(runs["spells"][0], "embed"))


def test_spells_stand_in_the_head_and_in_the_phases(runs):
    report = page(runs["spells"][0], "report")
    assert "crackdown, 1–7 January 2021; 20–31 January 2021" in report
    assert "8–19 January 2021" in report  # the phase between
    assert "in several spells, and the model knows one" in report


def test_an_operation_that_ends_with_the_data_says_so_and_what_to_write(runs):
    report = page(runs["ends with the data"][0], "report")
    assert "In the 181 days while it ran, " in report
    assert "days after," not in report
    assert "If it goes on, write ongoing = true" in report


# -- The same words where intervals are possible ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def going_on(planted):
    """Return the release of the demo's city, as if its operation went on."""
    release = planted({("needle finds", ZoneRole.TARGET): 0.5})
    (operation,) = release.operations
    one = operation.design.operation
    one = replace(one, ongoing=True, period=Period(one.period.start, release.study.period.end))
    phases = tuple(phase for phase in operation.design.phases if phase.name not in UNDER_WAY)
    measures = tuple(
        replace(measure, phases=tuple(effect for effect in measure.phases if effect.window not in UNDER_WAY))
        for measure in operation.measures
    )
    return release, replace(
        operation, design=replace(operation.design, operation=one, phases=phases), measures=measures
    )


def test_no_page_with_intervals_of_a_measure_that_goes_on_says_after(going_on):
    release, operation = going_on
    verdict = verdict_of(release, operation)
    text = report_page(release, operation, verdict, report_sections(release, operation, verdict))
    assert told_after(text) == ["afraid after dark"]
    assert "days since ÷ days before" in text
    assert "after" not in summary_text(summarise(release, operation, verdict))
    assert verdict.lead.startswith(f"In the {operation.design.after.days} days since it began, ")


def test_whether_it_lasts_is_told_as_so_far(going_on):
    release, operation = going_on
    answer = four_answers(release, operation)[2]
    assert answer.question == "Has it lasted so far?"
    assert "It goes on, so months count from its start." in answer.detail
    # Eleven months from its end, and eleven and a half from its start: the months are those from the start.
    assert answer.answer == "Still lower at 11 months"
    assert will_it_last(operation) is Lasts.STILL_LOWER


def test_the_first_months_of_a_measure_that_goes_on_are_too_few(going_on):
    release, operation = going_on
    short = replace(operation.design, phases=operation.design.phases[:1])
    answer = four_answers(release, replace(operation, design=short))[2]
    assert re.search(r"\w+ weeks since it began are covered; half a year is needed\.", answer.detail)


def test_what_the_later_time_is_called(going_on):
    _, operation = going_on
    design = operation.design
    ended = replace(design, operation=replace(design.operation, ongoing=False))
    during = replace(ended, phases=(replace(design.phases[0], name="during"),))
    between = replace(ended, phases=(replace(design.phases[0], name="between"),))
    both = replace(ended, phases=(*during.phases, replace(design.phases[1], name="between")))

    def words(one: Design) -> tuple[str, str, str]:
        return later_head(one), later_clause(one), from_when(one)

    assert words(design) == ("Since", "since it began", "since it began")
    assert words(ended) == ("After", "after", "after the operation")
    assert words(during) == ("During", "while it ran", "after the operation")
    assert words(between) == ("Between", "between its spells", "after the operation")
    assert later_head(both) == "During"
    assert active_text(ended.operation) != active_text(design.operation) == "since 10 January 2022, goes on"


def test_the_script_of_the_map_has_every_word_that_is_told_otherwise():
    script = asset("map.js")
    assert _map_script("after") == script
    told = _map_script("since")
    for words, _ in _WORDS_OF_SCRIPT:
        assert script.count(words) == 1
        assert words not in told
    assert '"Since compared with before' in told
    assert 'word === "after" ? "since" : word' in told


def test_power_says_from_when_its_months_count(capsys):
    rows = (PowerRow("target", 6, 100.0, 0.3), PowerRow("all rings", 6, math.nan, math.nan, "too few"))
    table = PowerTable("One", "finds", "requests", "windows of the past that end by 2021-01-01", rows, rows[:1])
    for later in ("after", "since its start"):
        _print_table(table, primary=True, later=later)
        printed = capsys.readouterr().out
        assert f"target, 6 months {later}: about 100" in printed
        assert f"all rings, 6 months {later}: too few" in printed
        assert f"a fall of 50% in the target: 6 months {later}" in printed


@pytest.mark.parametrize(("last", "is_told"), [("2021-12-31", True), ("2021-12-30", False)])
def test_check_asks_whether_an_operation_that_ends_with_the_study_goes_on(tmp_path, last, is_told):
    path = small_study(tmp_path)
    text = (
        path.read_text(encoding="utf-8")
        .replace("end       = 2021-01-31", f"end = {last}")
        .replace(PHASES, 'after = ["during"]\n')
    )
    path.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(app, ["check", str(path)])
    assert done.exit_code == 0
    assert ("if it goes on, write ongoing = true instead of end" in done.output) is is_told
