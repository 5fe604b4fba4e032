"""The report as two documents: the headline's clauses, the balance, links, sections that open and close, colours."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from geoharm.answer.nouns import Tone
from geoharm.disclosure.protect import protect
from geoharm.model.estimate import Interval
from geoharm.model.measure import Harm, Measure
from geoharm.model.places_like_it import ChangeClass, PlaceDistribution
from geoharm.model.reading import Reading
from geoharm.model.suppressed import Suppressed
from geoharm.report import palette
from geoharm.report.charts.places import MAX_DOTS, PlaceClasses, places_charts
from geoharm.report.document import BulletList, Details, Section
from geoharm.report.escape import asset
from geoharm.report.file_names import file_names
from geoharm.report.pages.annex import annex_parts, in_page_order
from geoharm.report.pages.report import print_foot, report_page, report_sections
from geoharm.report.section_html import block_html
from geoharm.report.wording.headline import HeadlineClause
from geoharm.report.wording.places_like_it import rank_heading
from geoharm.report.wording.verdict import verdict_of
from geoharm.report.write import publish_study
from tests.disclosure.test_protect import PLENTY, planted_spot, result
from tests.report.page_tree import page_tree

TREATMENT = Measure("entries", "s", (), "people", "agency", Harm("user", "health"), kind="treatment_entry")


@pytest.fixture
def release(area):
    """Two measures: finds, and entries to treatment that fell as a finding."""
    released = protect(result(area, PLENTY, spots=[planted_spot(area, 60, 6)]))
    operation = released.operations[0]
    primary = operation.primary
    fell = tuple(replace(effect, reading=Reading.FELL) for effect in primary.effects)
    treatment = replace(primary, measure=TREATMENT, effects=fell)
    return replace(released, operations=(replace(operation, measures=(primary, treatment)),))


def page_of(release, **changes):
    operation = release.operations[0]
    verdict = replace(verdict_of(release, operation), **changes)
    return report_page(release, operation, verdict, report_sections(release, operation, verdict))


CLAUSES = (
    HeadlineClause("Finds fell by about 67 in the target area.", Tone.LESS),
    HeadlineClause("Overdoses rose by about 143 in target and rings.", Tone.MORE),
    HeadlineClause("Taken together, whether harm fell is not clear.", Tone.UNCLEAR),
)


def test_every_clause_of_the_headline_has_the_same_size(release):
    """A harm that rose is as large as the fall beside it: same element, same class, no style of its own but the edge."""
    headline = page_tree(page_of(release, clauses=CLAUSES)).first("h1")
    clauses = headline.children
    assert [clause.text() for clause in clauses] == [clause.text for clause in CLAUSES]
    assert [clause.name for clause in clauses] == ["span"] * 3
    assert [clause.classes for clause in clauses] == [["clause", clause.tone.value] for clause in CLAUSES]
    rules = re.findall(r"h1 \.(?:less|more|unclear)\{([^}]*)\}", asset("report.css"))
    assert rules
    assert all(rule.split(":")[0] == "border-left-color" for rule in rules), rules


def test_the_balance_holds_every_harm_in_every_zone(release):
    rows = page_tree(page_of(release, absent=("community measure",))).first("table", "balance").first("tbody").children
    assert [row.children[0].text() for row in rows] == [
        "Finds public",
        "Entries not a harm",
        "Community measure",
    ]
    verdict = verdict_of(release, release.operations[0])
    assert [len(row.effects) for row in verdict.balance] == [3, 3]
    for row in rows[:2]:
        assert len(row.children) == 4
        assert all(cell.text() for cell in row.children)
        assert all(cell.all("svg", "mark") for cell in row.children[1:])
    assert "absent" in rows[2].classes
    assert "not read as" in rows[2].text()


def test_entries_to_treatment_are_ink_and_not_coloured_as_better_or_worse(release):
    tree = page_tree(page_of(release))
    rows = tree.first("table", "balance").first("tbody").children
    marks = [node for cell in rows[1].children[1:] for node in cell.all("path")]
    colours = {
        colour for node in marks for colour in (node.attributes.get("fill"), node.attributes.get("stroke")) if colour
    }
    assert marks
    assert colours <= {palette.INK, palette.SLATE, "#ffffff"}
    assert palette.INK in colours
    assert not any(cell.classes for cell in rows[1].children)


def test_every_link_within_the_page_arrives_and_no_place_is_named_twice(release):
    tree = page_tree(page_of(release))
    anchors = [node.attributes["id"] for node in tree.walk() if "id" in node.attributes]
    assert len(set(anchors)) == len(anchors)
    links = {node.attributes["href"] for node in tree.all("a")}
    inside = {link[1:] for link in links if link.startswith("#")}
    assert inside <= set(anchors)
    assert {"answer", "by-harm", "doubts", "evaluators", "data"} <= inside


def test_every_link_to_a_file_names_a_file_of_the_release(release, area, tmp_path):
    written = protect(result(area, PLENTY, spots=[planted_spot(area, 60, 6)]))
    written = replace(
        written, study=replace(written.study, publish=replace(written.study.publish, files=("workbook",)))
    )
    published = publish_study(written, tmp_path)
    names = {path.relative_to(tmp_path).as_posix() for path in published.files}
    for name in ("report.html", "embed.html"):
        page = page_tree((tmp_path / name).read_text(encoding="utf-8"))
        links = {node.attributes["href"].split("#")[0] for node in page.all("a")} - {""}
        assert links
        assert links <= names
    assert "pieces/tables.xlsx" in {
        node.attributes["href"] for node in page_tree((tmp_path / "report.html").read_text(encoding="utf-8")).all("a")
    }


def test_names_of_files_carry_the_release_and_the_operation(release):
    internal = replace(release.study, publish=replace(release.study.publish, release="internal"))
    (one,) = release.operations
    other = replace(one, design=replace(one.design, operation=replace(one.design.operation, name="Y & Z")))
    several = replace(release, study=internal, operations=(one, other))
    names = file_names(several, several.operations[1])
    assert (names.report, names.map, names.embed) == (
        "report-internal-2-y-z.html",
        "map-internal-2-y-z.html",
        "embed-internal-2-y-z.html",
    )
    assert (names.run, names.workbook) == ("run-internal.json", "")


def test_every_section_opens_and_closes_and_says_its_answer(release):
    operation = release.operations[0]
    verdict = verdict_of(release, operation)
    sections = report_sections(release, operation, verdict)
    tree = page_tree(report_page(release, operation, verdict, sections))
    details = tree.all("details", "section")
    assert len(details) == len(sections)
    assert all("open" in node.attributes for node in details)
    for node in tree.all("details"):
        assert [child.name for child in node.children].count("summary") == 1
        assert node.children[0].name == "summary"
        assert node.children[0].text()
    for node, section in zip(details, sections, strict=True):
        summary = node.children[0]
        assert summary.first("h3").text() == section.heading
        assert summary.first("span", "answer").text()


def test_what_print_leaves_out_says_so(release):
    for node in page_tree(page_of(release)).all("details", "long"):
        assert "Not printed" in node.children[0].text()


def test_the_page_has_no_script_and_asks_for_nothing(release):
    page = page_of(release)
    tree = page_tree(page)
    assert not [node for node in tree.walk() if node.name in ("script", "iframe", "link", "img")]
    assert not [name for node in tree.walk() for name in node.attributes if name.startswith("on") or name == "style"]


def test_a_name_cannot_leave_the_foot_of_the_printed_page():
    foot = print_foot('X"}</style><script>alert(1)</script>\n\\', "S")
    content = re.search(r'@bottom-left\{content:"([^"]*)";', foot)
    assert content is not None
    assert not set(content[1]) & set('<>"{}\n')


def test_sections_stand_part_by_part_and_none_is_lost():
    """One without an anchor stays behind the one before it; one that no part names stays in its neighbour's part."""

    def section(anchor):
        return Section(anchor, f"about {anchor}", "For all", ())

    given = [section(anchor) for anchor in ("data", "questions", "", "harms", "unknown", "guards")]
    ordered = in_page_order(given)
    assert [one.anchor for one in ordered] == ["harms", "unknown", "guards", "questions", "", "data"]
    parts = annex_parts(given)
    assert [part.anchor for part, _ in parts] == ["health", "evaluators", "sources"]
    assert sum(len(placed) for _, placed in parts) == len(given)
    assert all(placed.anchor for _, of_part in parts for placed in of_part)


# -- Places like it ---------------------------------------------------------------------------------------------------


def distribution(change=-40.0, fell=0, rose=110, pool=110):
    classes = (ChangeClass(-35, -20, 4), ChangeClass(-20, 0, pool - 24), ChangeClass(0, 30, 20))
    return PlaceDistribution(classes, pool, 32.0, change, Interval(-54.0, -22.0, 0.95), fell, rose)


@pytest.mark.parametrize(
    ("shown", "heading"),
    [
        ([("finds", distribution())], "None of 110 places like it fell as far, without an operation"),
        ([("finds", distribution(fell=7))], "7 of 110 places like it fell as far, without an operation"),
        ([("finds", distribution(fell=Suppressed(3)))], "Fewer than 3 of 110 places like it fell as far, without an operation"),
        ([("finds", distribution(change=12.0, rose=0))], "None of 110 places like it rose as far, without an operation"),
        (
            [("finds", distribution()), ("overdoses", distribution(change=189.0, rose=0))],
            "No place like it saw such a rise in overdoses",
        ),
        (
            [("finds", distribution()), ("overdoses", distribution(change=20.0, rose=5))],
            "What places like it did over the same dates",
        ),
    ],
)  # fmt: skip
def test_how_rare_a_change_is_among_places_like_it(shown, heading):
    assert rank_heading(shown) == heading


@pytest.mark.parametrize(("pool", "dots"), [(110, 110), (MAX_DOTS, MAX_DOTS), (MAX_DOTS + 1, 0)])
def test_one_dot_is_one_place_up_to_a_number_of_places(pool, dots):
    classes = tuple((float(each.low), float(each.high), each.places) for each in distribution(pool=pool).classes)
    panel = PlaceClasses("Target area", classes, -40.0, Interval(-54.0, -22.0, 0.95), palette.LESS_HARM)
    for chart in places_charts([panel], "x"):
        drawn = [mark for mark in chart.marks if mark.startswith("<circle") and palette.PLACES in mark]
        assert len(drawn) == dots
        bars = [mark for mark in chart.marks if mark.startswith("<rect") and palette.PLACES in mark]
        assert len(bars) == (0 if dots else len(classes))
        xs = [float(x) for mark in chart.marks for x in re.findall(r'(?:cx|x1|x2|x)="(-?[\d.]+)"', mark)]
        assert min(xs) >= 0
        assert max(xs) <= chart.width


# -- Colours ----------------------------------------------------------------------------------------------------------


def luminance(colour):
    parts = [part / 255 for part in palette.rgb(colour)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(colour, ground):
    high, low = sorted((luminance(colour), luminance(ground)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("colour", "ground", "least"),
    [
        *((colour, "#ffffff", 4.5) for colour in (palette.INK, palette.MUTED, palette.SLATE, palette.LESS_HARM, palette.MORE_HARM)),
        *((colour, tint, 4.5) for tint in (palette.TINT_LESS, palette.TINT_MORE, palette.PANEL) for colour in (palette.INK, palette.MUTED)),
        (palette.LESS_HARM, palette.TINT_LESS, 4.5),
        (palette.MORE_HARM, palette.TINT_MORE, 4.5),
        (palette.ACTIVITY_TEXT, palette.ACTIVITY, 4.5),
        (palette.INK, palette.NOTICE, 4.5),
        (palette.OPERATION_TEXT, "#ffffff", 4.5),
        (palette.OPERATION_TEXT, palette.OPERATION, 4.5),
        (palette.CONTROL, "#ffffff", 4.5),
        (palette.PLACES, "#ffffff", 2.95),
    ],
)  # fmt: skip
def test_text_and_marks_stand_out_from_their_ground(colour, ground, least):
    assert contrast(colour, ground) >= least


def test_the_page_uses_the_colours_of_the_palette():
    named = dict(re.findall(r"--([a-z]+):(#[0-9a-f]{6}|#[0-9a-f]{3})", asset("report.css")))
    assert named["ink"] == palette.INK
    assert named["muted"] == palette.MUTED
    assert (named["less"], named["more"], named["slate"]) == (palette.LESS_HARM, palette.MORE_HARM, palette.SLATE)
    assert (named["fell"], named["rose"]) == (palette.TINT_LESS, palette.TINT_MORE)
    assert (named["panel"], named["notice"], named["activity"]) == (palette.PANEL, palette.NOTICE, palette.ACTIVITY)


def test_what_found_nothing_is_one_line_with_its_blocks_on_request():
    block = Details("24 of 24 looks cannot tell.", (BulletList(("hidden",)),), found_nothing=True)
    node = page_tree(str(block_html(block))).first("details")
    assert node.classes == ["long", "empty"]
    assert "open" not in node.attributes
    assert node.children[0].text().startswith("24 of 24 looks cannot tell.")
    assert "hidden" in node.text()
