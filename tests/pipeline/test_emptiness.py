"""Nothing before, nothing after, one event, one place, one day, for any measure, zone and window: a value with a note.

One process walks through all of them, public and internal, from the file to the pages.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from functools import partial

import pytest

from geoharm.disclosure.protect import protect
from geoharm.engines.duckdb import open_engine
from geoharm.hotspots import measure_map, measure_patterns
from geoharm.pipeline.analyse import analyse
from geoharm.pipeline.collect import collect_study
from geoharm.pipeline.load import load_sources
from geoharm.report.write import publish_study
from geoharm.study.read import read_study
from tests.pipeline.emptiness import emptinesses, write_study

CASES = emptinesses()
# Each case is the primary measure of one study or stands beside another, so that every one meets others.
GROUPS = [tuple(CASES)[start : start + 3] for start in range(0, len(CASES), 3)]
NO_NUMBER = re.compile(r"(?<![\w-])(nan|inf|NaN|Infinity|None(?! of))(?![\w-])")


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """Return a folder and the data of all measures, read and counted once."""
    folder = tmp_path_factory.mktemp("emptiness")
    study = read_study(write_study(folder, CASES))
    with open_engine(folder / "study.duckdb", inputs=folder) as engine:
        ledgers = load_sources(engine, study, folder)
        data = collect_study(engine, study, ledgers)
    assert ledgers[0].total("read") == ledgers[0].total("kept") == sum(map(len, CASES.values()))
    return folder, data


def analysed(data, names):
    """Return the result of a study of some of the measures, the first one its primary."""
    measures = tuple(measure for measure in data.study.measures if measure.name in names)
    study = replace(data.study, primary=names[0], measures=measures)
    return analyse(replace(data, study=study, measures=tuple(data.measure(name) for name in names)), ())


def texts(folder):
    """Yield the name and the readers' text of every file; of pages without scripts and styles."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".html", ".json", ".txt", ".csv", ".svg"):
            text = path.read_text(encoding="utf-8-sig")
            yield path.name, re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.DOTALL)


def check_release(release):
    """Assert that what has no number has a reason, and that no finding stands without an interval."""
    for operation in release.operations:
        for measure in operation.measures:
            for effect in (*measure.effects, *measure.phases):
                where = (measure.measure.name, effect.zone, effect.window)
                if math.isnan(effect.change) or math.isnan(effect.interval.low):
                    assert str(effect.note), where
                    assert not effect.reading.direction, where
                if effect.reading.is_finding:
                    assert effect.interval.side, where


@pytest.mark.parametrize("names", GROUPS, ids=lambda names: names[0])
def test_every_emptiness_ends_in_pages_without_a_number_that_is_none(collected, names, monkeypatch):
    monkeypatch.setattr(measure_map, "with_stability", partial(measure_map.with_stability, repetitions=3))
    monkeypatch.setattr(measure_patterns, "OVERALL_PERMUTATIONS", 99)
    folder, data = collected
    result = analysed(data, names)
    for kind in ("public", "internal"):
        study = replace(result.study, publish=replace(result.study.publish, release=kind))
        release = protect(replace(result, study=study))
        check_release(release)
        out = folder / f"{names[0]} {kind}"
        publish_study(release, out)
        found = {name: match.group() for name, text in texts(out) if (match := NO_NUMBER.search(text))}
        assert found == {}


def test_nothing_before_is_said_on_page_one(collected, monkeypatch):
    """Of a target with 0 before it was said that about 0 were expected and so many more came."""
    monkeypatch.setattr(measure_map, "with_stability", partial(measure_map.with_stability, repetitions=3))
    folder, data = collected
    result = analysed(data, ("nothing in the target ever before",))
    study = replace(result.study, publish=replace(result.study.publish, release="internal", files=()))
    published = publish_study(protect(replace(result, study=study)), folder / "said")
    ((_, verdict),) = published.verdicts
    reason = "nothing was counted there before, so the change is undefined"
    assert verdict.lead == f"The change in nothing in the target ever before cannot be given: {reason}."
    record = json.loads((folder / "said" / "run-internal.json").read_text(encoding="utf-8"))
    effect = record["operations"][0]["measures"][0]["effects"][0]
    assert (effect["before"], effect["expected"], effect["change"], effect["note"]) == (0, None, None, reason)
    assert effect["after"] > 0
    assert (
        f"What to expect after cannot be computed: {reason}." in (folder / "said" / "summary-internal.txt").read_text()
    )
