"""README's example and a real headline of few events, through the disclosure door: what is published, what is withheld."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from geoharm.disclosure.attacker import attack
from geoharm.disclosure.constraints import constraints_of
from geoharm.disclosure.protect import protect
from geoharm.engines.duckdb import open_engine
from geoharm.errors import PublishError
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.model.reading import Reading
from geoharm.model.suppressed import Suppressed
from geoharm.pipeline.analyse import analyse
from geoharm.pipeline.collect import collect_study
from geoharm.pipeline.load import load_sources, load_tables
from geoharm.pipeline.progress import no_progress
from geoharm.report.write import publish_study
from geoharm.study.read import read_study
from tests.disclosure.released_counts import assert_one_decision_a_count, is_shown, recoverable_sums

pytestmark = pytest.mark.real
HEADLINE = {"target": (606, 79), ALL_RINGS: (3750, 1129), TARGET_AND_RINGS: (4356, 1208)}


def analysed(study_file, data, folder):
    study = read_study(study_file)
    with open_engine(folder / "one.duckdb", inputs=data) as engine:
        ledgers = load_sources(engine, study, data, no_progress)
        tables = load_tables(engine, study, data, no_progress)
        collected = collect_study(engine, study, ledgers, no_progress)
    return analyse(collected, tables, no_progress)


def case(shared, name, folder, *, study_file="study.toml"):
    """Return the result of a small study beside this project; the test is skipped where it is absent."""
    inputs = shared.parent / "cases" / "inputs" / name
    if not inputs.is_dir():
        pytest.skip(f"the case {name} is not beside this project (../shared/cases)")
    return analysed(inputs / study_file, inputs / "data", folder)


def released(found, **publish):
    return protect(replace(found, study=replace(found.study, publish=replace(found.study.publish, **publish))))


@pytest.fixture(scope="module")
def boston(root, shared, tmp_path_factory):
    """Return the result of README's example on the real files."""
    return analysed(root / "pipelines" / "boston.toml", shared / "boston-needles", tmp_path_factory.mktemp("boston"))


@pytest.mark.parametrize("rule", ["under-5", "under-10"])
def test_boston_publishes_its_headline_totals_phases_and_net_harm(boston, rule):
    release = released(boston, disclosure=rule)
    operation = release.operations[0]
    for zone, counts in HEADLINE.items():
        effect = operation.primary.effect(zone)
        assert (effect.before, effect.after) == counts
        assert effect.change == pytest.approx(
            effect.after - effect.before * effect.control_after / effect.control_before
        )
    phases = {(phase.zone, phase.window): phase for phase in operation.primary.phases}
    for zone in ("target", ALL_RINGS):
        parts = [phases[zone, window].after for window in ("0-1 months", "1-2 months")]
        assert sum(parts) == operation.primary.effect(zone).after
    # Four finds on two days: this count alone is withheld, and what is made from it.
    assert isinstance(phases["target", "during"].after, Suppressed)
    assert phases["target", "during"].before == 606
    net_harms = {net.zone: net for net in operation.harm.of_profile("equal")}
    for zone in HEADLINE:
        # The one measure is refused, so there is no sum; its change stands in its own unit.
        row = net_harms[zone].rows[0]
        assert net_harms[zone].refused == ("needle requests",)
        assert row.low == row.high == operation.primary.effect(zone).change
    assert_one_decision_a_count(release)
    assert recoverable_sums(release) == []
    assert attack(constraints_of(release), DISCLOSURE_RULES[rule]).exposed == ()


def test_boston_internal_withholds_nothing(boston):
    primary = released(boston, release="internal").operations[0].primary
    exact = boston.operations[0].measures[0]
    for shown, effect in zip((*primary.effects, *primary.phases), (*exact.effects, *exact.phases), strict=True):
        assert is_shown(*shown.counts)
        assert shown.counts == effect.counts
        assert shown.dispersion == effect.dispersion
    assert primary.series.step == 1


def test_a_real_headline_of_seven_events_is_shown_wherever_it_is_printed(shared, tmp_path):
    """19 and 7 overdoses: the months would follow from their dispersion, so the intervals of counting go, not the counts.

    The rings' interval is learned at places without an operation and stays.
    """
    release = released(case(shared, "headline-withheld-but-printed", tmp_path, study_file="s.toml"))
    primary = release.operations[0].primary
    expected = {"target": (19, 7), ALL_RINGS: (87, 32), TARGET_AND_RINGS: (106, 39)}
    for effect in (*primary.effects, *primary.phases):
        if effect.zone in expected:
            assert (effect.before, effect.after) == expected[effect.zone]
            assert math.isfinite(effect.change)
        assert math.isnan(effect.dispersion)
        assert math.isnan(effect.counting.low)
    assert primary.effect(ALL_RINGS).interval.low < 0 < primary.effect(ALL_RINGS).interval.high
    assert primary.effect("target").reading is Reading.CANNOT_TELL
    target, rings, both = (
        next(net for net in release.operations[0].harm.of_profile("equal") if net.zone == zone) for zone in expected
    )
    assert (round(target.rows[0].low, 1), round(rings.low, 1), round(both.low, 1)) == (-2.4, -3.9, -5.8)
    assert target.refused == ("overdoses",)
    assert math.isnan(target.interval.low)
    assert math.isfinite(rings.interval.low)
    assert_one_decision_a_count(release)
    assert recoverable_sums(release) == []


def test_one_file_as_two_sources_keeps_the_primary_measure(shared, tmp_path):
    """All calls 80 and 47, heroin calls 78 and 44: two and three of another kind. Heroin calls are withheld in the target."""
    release = released(case(shared, "disclosure-one-file-two-sources", tmp_path))
    primary, secondary = release.operations[0].measures
    assert (primary.effect("target").before, primary.effect("target").after) == (80, 47)
    assert all(is_shown(phase.before, phase.after) for phase in primary.phases if phase.window != "during")
    assert secondary.effect("target").is_withheld
    assert attack(constraints_of(release), DISCLOSURE_RULES["under-5"]).exposed == ()


def test_a_ring_that_grew_by_ten_metres_is_refused(shared, tmp_path):
    """The first ring holds 55 and 29, and ten metres more 58 and 31: three and two in the strip."""
    for number, name in enumerate(("study.toml", "study2.toml")):
        folder = tmp_path / str(number)
        folder.mkdir()
        release = released(case(shared, "disclosure-ring-grown-one-event-more-in-target", folder, study_file=name))
        if number == 0:
            publish_study(release, tmp_path / "out")
    with pytest.raises(PublishError, match=r"this release and those before it in this folder \(releases.json\)"):
        publish_study(release, tmp_path / "out")


def test_a_log_ratio_follows_from_the_rounded_counts_beside_it(shared, tmp_path):
    """30 and 20 with a log ratio of 0.32 could only be 30 and 18."""
    release = released(case(shared, "disclosure-round-5", tmp_path))
    for effect in release.operations[0].primary.effects:
        ratio = effect.counting_ratio
        if is_shown(*effect.counts) and math.isfinite(ratio.value):
            before, after, control_before, control_after = effect.counts
            assert ratio.value == pytest.approx(math.log(after / before * control_before / control_after))
    assert release.operations[0].primary.effect("250-350 m").counts[:2] == (30, 20)
