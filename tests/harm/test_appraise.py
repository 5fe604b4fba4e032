"""Appraisal: means by hand, break-even, what decides, vetoes, cards, workbooks of weights."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.errors import StudyError
from geoharm.harm.appraise import appraise_option
from geoharm.harm.offence_weights import offence_weights, profile_from_weights
from geoharm.harm.results.appraisal import Baseline
from geoharm.model.harm_settings import PlannedOption, SideEffect
from geoharm.model.tactics import TACTICS
from geoharm.model.values import MeasureSelector, Veto
from geoharm.study.evidence_cards.cards import SHIPPED_CARDS, card_text, read_card
from geoharm.study.value_profiles.profiles import read_profile
from tests.harm.test_net_harm import by_name, profile
from tests.harm.worlds import measure

FINDS = Baseline(measure("finds"), 2400, 24, 1.0)
OVERDOSES = Baseline(measure("overdoses", unit="calls", borne_by="user", kind="health"), 240, 24, 1.0)
BOTH = by_name(finds=1.0, overdoses=10.0)


def option(local=(-0.5, -0.5), displaced=(0.0, 0.0), half_life=(math.inf, math.inf), side=()):
    return PlannedOption("o", "", local, displaced, half_life, tuple(side), "made up")


PLAIN = by_name(finds=1.0)


def under(one, baseline=(FINDS,), profiles=(PLAIN,), months=12):
    return appraise_option(one, baseline, profiles, months=months, seed=1).profiles[0]


def test_the_mean_is_baseline_times_change():
    found = under(option())
    assert found.mean == pytest.approx(-600, rel=0.01)
    assert found.share_reduced == 1.0
    assert found.main_assumption == "baseline of finds"


def test_displacement_takes_its_share_and_breaks_even_at_all():
    found = under(option(displaced=(0.4, 0.4)))
    assert found.mean == pytest.approx(-360, rel=0.01)
    assert found.break_even_displacement == pytest.approx(1.0)


@given(st.floats(0.5, 20.0))
@settings(max_examples=10, deadline=None)
def test_decay_is_the_mean_of_a_halving_curve(half):
    """Against a sum over days."""
    days = [2 ** (-(day + 0.5) / (half * 30)) for day in range(360)]
    found = under(option(half_life=(half, half)))
    assert found.mean == pytest.approx(-600 * sum(days) / 360, rel=0.015)


def test_break_even_with_a_side_harm_solves_for_zero():
    side = (SideEffect("overdoses", 0.2, 0.2),)
    first = under(option(side=side), (FINDS, OVERDOSES), (BOTH,))
    even = first.break_even_displacement
    again = under(option(displaced=(even, even), side=side), (FINDS, OVERDOSES), (BOTH,))
    assert 0 < even < 1
    assert again.mean == pytest.approx(0, abs=1e-6)


def test_the_widest_assumption_decides():
    found = under(option(local=(-0.9, 0.5), displaced=(0.2, 0.21)))
    assert found.main_assumption == "local change"
    assert found.main_assumption_r2 > 0.9
    assert 0.5 < found.share_reduced < 0.95


def test_vetoes_are_hit_as_often_as_the_side_harm_rises():
    veto = Veto(MeasureSelector(type="health"), 0.0, "no rise in overdoses is acceptable")
    rules = BOTH.rules
    found = under(
        option(side=(SideEffect("overdoses", -0.1, 0.1),)), (FINDS, OVERDOSES), (profile(*rules, vetoes=[veto]),)
    )
    ((words, name, share),) = found.vetoes
    assert (words, name) == ("no rise in overdoses is acceptable", "overdoses")
    assert share == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(("margin", "share"), [(0.0, 0.95), (0.1, 0.5), (0.2, 0.05)])
def test_a_veto_accepts_a_share_of_what_there_is_without_the_option(margin, share):
    """A side harm of 0% to 20% (90% interval): more than nothing in 95 of 100 draws, more than a tenth in half of them."""
    veto = Veto(MeasureSelector(type="health"), margin, "a margin")
    one = option(side=(SideEffect("overdoses", 0.0, 0.2),))
    ((_, _, found),) = under(one, (FINDS, OVERDOSES), (profile(*BOTH.rules, vetoes=[veto]),)).vetoes
    assert found == pytest.approx(share, abs=0.02)


def test_a_half_life_between_two_numbers_is_drawn_on_the_log_scale():
    """1 to 16 months (90% interval): half of the draws last longer than 4 months, and one in twenty less than one."""
    found = under(option(half_life=(1.0, 16.0)))
    rng = np.random.default_rng(3)
    half = np.exp(math.log(4) + math.log(4) / 1.644854 * rng.standard_normal(200_000))
    remaining = half / (12 * math.log(2)) * (1 - 2 ** (-12 / half))
    assert found.mean == pytest.approx(-600 * remaining.mean(), rel=0.02)
    assert found.interval.low == pytest.approx(-600 * np.quantile(remaining, 0.95), rel=0.1)


def test_doing_nothing_changes_nothing():
    found = under(option(local=(0.0, 0.0)))
    assert (found.mean, found.interval.low, found.interval.high) == (0.0, 0.0, 0.0)
    assert found.main_assumption == ""
    assert math.isnan(found.break_even_displacement)


def test_the_same_seed_says_the_same():
    one = option(local=(-0.5, 0.1), displaced=(0, 0.5), half_life=(1, 6))
    assert appraise_option(one, [FINDS], [BOTH], months=6, seed=4) == appraise_option(
        one, [FINDS], [BOTH], months=6, seed=4
    )


@pytest.mark.parametrize("name", SHIPPED_CARDS)
def test_shipped_cards_are_cited_and_say_what_they_rest_on(name):
    card = read_card(name, Path())
    assert "UK Drug Policy Commission (2009)" in card.citation
    assert card.url.startswith("https://")
    assert "It rests on " in card.strength


def test_no_two_cards_share_a_sentence_of_strength():
    sentences = [
        sentence.strip(" .") for name in SHIPPED_CARDS for sentence in read_card(name, Path()).strength.split(". ")
    ]
    assert len(set(sentences)) == len(sentences)


def test_asset_recovery_and_seizures_are_two_things():
    assets, seizures = read_card("asset-recovery", Path()), read_card("seizure", Path())
    assert (assets.tactic, seizures.tactic) == ("asset recovery", "seizure")
    assert "eradicat" not in assets.finding + assets.strength
    assert "two evaluations" in read_card("undercover", Path()).strength
    assert read_card("arrest-referral", Path()).strength.startswith("Fairly positive")


@pytest.mark.parametrize("name", SHIPPED_CARDS)
def test_every_card_speaks_of_a_tactic_that_an_operation_may_have(name):
    assert read_card(name, Path()).tactic in TACTICS


def test_cards_that_are_wrong_are_refused(tmp_path):
    with pytest.raises(StudyError, match='"crackdowns" is no shipped evidence card; did you mean "crackdown"'):
        read_card("crackdowns", tmp_path)
    (tmp_path / "mine.toml").write_text(
        card_text("crackdown", tmp_path).replace("finding", "findings"), encoding="utf-8"
    )
    with pytest.raises(StudyError, match='findings is not a known key; did you mean "finding"'):
        read_card("mine.toml", tmp_path)


# -- workbooks of weights -----------------------------------------------------------------------------------------------


SHEET = [
    ["Cambridge Crime Harm Index", "", ""],
    ["Offence", "Category", "Days"],
    ["Robbery", "Violence", "365"],
    ["Possession of cannabis", "Drugs", "3"],
    ["Trafficking in controlled drugs", "Drugs", "5"],
    ["", "", ""],
]


def test_a_workbook_becomes_a_profile_that_says_it_is_untried(tmp_path):
    text = profile_from_weights(offence_weights(SHEET, "chi"), "chi", file="chi.xlsx")
    (tmp_path / "chi.toml").write_text(text, encoding="utf-8")
    found = read_profile("chi.toml", tmp_path)
    assert found.untested
    assert found.weight(measure("Robbery")) == 365
    assert found.weight(measure("Possession of cannabis")) == 0
    assert "# left out, activity and not harm: Possession of cannabis (3)" in text
    assert "# left out, activity and not harm: Trafficking in controlled drugs (5)" in text


def test_one_weight_for_all_drug_offences_is_refused():
    with pytest.raises(StudyError, match="possession and trafficking need separate weights"):
        offence_weights([["Offence", "Weight"], ["Robbery", "746"], ["Drug offences", "11"]], "ons")


@pytest.mark.parametrize(
    ("rows", "kind", "sentence"),
    [([["a", "b"]], "chi", "No row has a column header"), (SHEET, "cchi", "is not a known kind of workbook"),
     ([["Offence", "Days"], ["Robbery", "1"], ["Robbery", "2"]], "chi", "has two weights, 1 and 2"),
     ([["Offence", "Days"]], "chi", "No row has an offence")],
)  # fmt: skip
def test_other_sheets_are_refused(rows, kind, sentence):
    with pytest.raises(StudyError, match=sentence):
        offence_weights(rows, kind)
