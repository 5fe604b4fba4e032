"""``run.json``: its schema, its records and how they are filled from nouns."""

from __future__ import annotations

import copy
import json
import math
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from enum import IntEnum, StrEnum
from types import SimpleNamespace
from typing import Any, Literal, get_args, get_type_hints

import jsonschema
import numpy as np
import pytest

from geoharm.disclosure.protect import protect
from geoharm.evaluation.results.composite import CompositeComponent, CompositeResult, CompositeSummary
from geoharm.model.confidence_set import ConfidenceSet
from geoharm.model.estimate import Estimate, Interval, undefined
from geoharm.model.pooled import Forest, PooledEstimate
from geoharm.model.reason import Reason
from geoharm.model.study import CompositeOutcome
from geoharm.model.suppressed import Suppressed
from geoharm.report.exports.run_json import run_json, run_schema
from geoharm.report.exports.run_record.estimates import (
    ConfidenceSetRecord,
    CountRecord,
    EstimateRecord,
    IntervalRecord,
    LeftOutRecord,
)
from geoharm.report.exports.run_record.record import Number, Record, fill, key, record_text
from geoharm.report.exports.run_record.run import RunRecord
from geoharm.report.wording.verdict import verdict_of
from tests.disclosure.test_protect import PLENTY, planted, planted_spot, result
from tests.disclosure.test_robustness import made
from tests.report.run_json_keys import PAGE, page_with


@pytest.fixture(scope="module")
def validator():
    schema = run_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.fixture(scope="module")
def demo_record(root):
    return json.loads((root / "maps" / "demo" / "run.json").read_text(encoding="utf-8"))


def record_of(study_result):
    release = protect(study_result)
    verdicts = [(operation, verdict_of(release, operation)) for operation in release.operations]
    return json.loads(run_json(release, verdicts))


def under_rule(study_result, rule):
    publish = replace(study_result.study.publish, disclosure=rule)
    return replace(study_result, study=replace(study_result.study, publish=publish))


def pooled_over_operations(study_result):
    """Return a study result with a forest plot of two operations and a composite outcome."""
    estimate = Estimate("log rate ratio", -0.3, 0.1, "log ratio", "", calibrated=True)
    span = Interval(-0.5, -0.1, 0.95)
    spread = PooledEstimate(-0.3, 0.07, 0.07, math.nan, 0.0, 1.0, 2, span, span, Interval(math.nan, math.nan, 0.95))
    rows = (("X", estimate, 0.5), ("Y", estimate, 0.5))
    forest = Forest(rows, (("Z", "no events"),), estimate, "a note", spread, estimate)
    component = CompositeComponent("finds", "target", "after", "target", 50, 20, estimate)
    outcome = CompositeOutcome("finds near the market", ("finds",), ("target",), ("after",))
    composite = CompositeSummary(outcome, (CompositeResult("X", (component, component), estimate, 0.2, "n"),), forest)
    return replace(study_result, forests=(("target", forest),), composites=(composite,))


def test_the_demo_is_valid(validator, demo_record):
    validator.validate(demo_record)
    assert (demo_record["format"], demo_record["version"]) == ("geoharm run", 5)


@pytest.mark.parametrize(
    "study_result",
    [
        lambda area: result(area, PLENTY),
        lambda area: result(area, PLENTY, spots=[planted_spot(area, 9, 9)]),
        lambda area: result(area, planted(2, 0, 3)),
        lambda area: result(area, planted(4, 0, 0)),
        lambda area: result(area, planted(0, 1, 2), release="internal"),
        lambda area: under_rule(result(area, PLENTY), "1-7-round-5"),
        lambda area: under_rule(result(area, planted(1, 0, 3)), "threshold-10"),
        lambda area: pooled_over_operations(result(area, PLENTY)),
        lambda area: made(area)[0],
        lambda area: made(area, few=3)[0],
    ],
    ids=[
        "plenty",
        "hotspots",
        "small ring",
        "empty control",
        "internal",
        "rounded",
        "zeros suppressed",
        "pooled",
        "robustness",
        "small target",
    ],
)
def test_every_release_is_valid(validator, area, study_result):
    validator.validate(record_of(study_result(area)))


def changed(record, path, value):
    """Return a copy of a record with one value replaced, or removed if it is `...`."""
    record = copy.deepcopy(record)
    part: Any = record
    for step in path[:-1]:
        part = part[step]
    if value is ...:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return record


EFFECT = ("operations", 0, "measures", 0, "effects", 0)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), 1),
        (("format",), "geoharm summary"),
        (("format",), ...),
        (("surprise",), 1),
        ((*EFFECT, "change"), "-67"),
        ((*EFFECT, "change"), ...),
        ((*EFFECT, "before"), "under 5"),
        ((*EFFECT, "before"), 2.5),
        ((*EFFECT, "before"), {"suppressed": False, "below": 5}),
        ((*EFFECT, "before"), {"suppressed": True, "below": 5, "count": 3}),
        ((*EFFECT, "interval"), [-1.0, 1.0]),
        ((*EFFECT, "interval", "true_low"), 1.0),
        ((*EFFECT, "length_ratio"), "0.5"),
        ((*EFFECT, "is_withheld"), False),
        (("operations", 0, "verdict", "state"), "worked"),
        (("operations", 0, "measures", 0, "diagnostics", 0, "severity"), 2),
        (("operations", 0, "harm", "net_harm", 0, "calibrated"), "yes"),
        (("ledgers", 0, "coverage", "start"), 2019),
        (("hotspots", 0, "hotspots", 0, "geometry"), "POINT (1 2)"),
    ],
)
def test_a_wrong_type_and_an_unknown_key_are_refused(validator, demo_record, path, value):
    validator.validate(demo_record)
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(changed(demo_record, path, value))


# -- the records ----------------------------------------------------------------------------------------------------


def records_of(kind: Any) -> Iterator[type[Record]]:
    """Yield every record class that a type mentions, and those inside them."""
    if is_dataclass(kind):
        yield kind
        for inner in get_type_hints(kind).values():
            yield from records_of(inner)
    for argument in get_args(kind):
        yield from records_of(argument)


def test_every_record_says_what_its_keys_are_and_allows_no_other():
    schema = run_schema()
    for record in set(records_of(RunRecord)):
        assert issubclass(record, Record)
        described = schema if record is RunRecord else schema["$defs"][record.__name__]
        assert described["additionalProperties"] is False
        assert described["required"] == list(described["properties"]) == [item.name for item in fields(record)]
        for name, about in described["properties"].items():
            assert about["description"].endswith((".", "!")), (record.__name__, name)


def test_the_page_lists_every_key():
    assert PAGE.read_text(encoding="utf-8") == page_with(run_schema(), PAGE.read_text(encoding="utf-8"))


def test_a_run_does_not_load_pydantic():
    code = "import sys, geoharm.report.write; assert 'pydantic' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


# -- filling --------------------------------------------------------------------------------------------------------


class Colour(StrEnum):
    RED = "bright red"


class Size(IntEnum):
    SMALL = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerRecord(Record):
    name: str = key("Name.", at="0")
    share: Number = key("Share.", at="1")


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeRecord(Record):
    kind: Literal["made"] = key("Always the same.", default="made")
    number: Number = key("A number.")
    count: CountRecord = key("A count.")
    day: date = key("A day.")
    colour: Colour = key("A colour.")
    size: Literal["small"] = key("A size.")
    pairs: tuple[InnerRecord, ...] = key("Pairs.")
    by_name: Mapping[str, Number] = key("By name.")
    length: int = key("From a method of a noun inside.", at="inner.length")
    absent: int | None = key("From a noun that is not there.", at="missing.length")
    first: str = key("Read by a function.", read=lambda noun: noun.pairs[0][0])
    rule: float | str = key("A number or a word.")


class Inner:
    def length(self) -> int:
        return 3


def noun(**other):
    values = {
        "number": 2 / 3, "count": 7, "day": date(2021, 3, 4), "colour": Colour.RED, "size": Size.SMALL,
        "pairs": (("a", math.nan), ("b", np.float64(0.5))), "by_name": {"z": math.inf, "a": 1}, "inner": Inner(),
        "missing": None, "rule": 250, "secret": 42,
    }  # fmt: skip
    return SimpleNamespace(**(values | other))


def test_a_record_takes_named_values_only_and_makes_them_plain():
    assert json.loads(record_text(fill(MadeRecord, noun()))) == {
        "kind": "made", "number": 0.666666667, "count": 7, "day": "2021-03-04", "colour": "bright red", "size": "small",
        "pairs": [{"name": "a", "share": None}, {"name": "b", "share": 0.5}], "by_name": {"a": 1.0, "z": None},
        "length": 3, "absent": None, "first": "a", "rule": 250.0,
    }  # fmt: skip


@pytest.mark.parametrize(("below", "text"), [(5, "under 5"), (0, "withheld")])
def test_a_suppressed_count_is_an_object_with_its_bound(below, text):
    assert str(Suppressed(below)) == text
    record = json.loads(record_text(fill(MadeRecord, noun(count=Suppressed(below)))))
    assert record["count"] == {"suppressed": True, "below": below}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("number", "2"), ("count", None), ("day", None), ("colour", None), ("size", 1), ("length", 3),
        ("by_name", {"a": "b"}), ("pairs", None), ("rule", math.nan), ("rule", None),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_by_name(name, value):
    given = noun(inner=SimpleNamespace(length="3")) if name == "length" else noun(**{name: value})
    with pytest.raises(TypeError, match=rf"MadeRecord\.{name}: "):
        fill(MadeRecord, given)


def test_a_noun_without_a_named_value_is_refused():
    with pytest.raises(AttributeError, match="number"):
        fill(InnerOfNoun, SimpleNamespace())
    with pytest.raises(AttributeError, match="below"):
        fill(MadeRecord, noun(count=2.5))


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerOfNoun(Record):
    number: Number = key("A number.")


def test_long_parts_stand_on_several_lines_and_say_the_same():
    pairs = tuple((f"name [{number}] {{x}}  two\nlines", number / 7) for number in range(40))
    text = record_text(fill(MadeRecord, noun(pairs=pairs)))
    assert max(len(line) for line in text.splitlines()) <= 240
    assert json.loads(text)["pairs"] == [{"name": name, "share": float(f"{share:.9g}")} for name, share in pairs]
    assert text.count('{"name": ') == 40


def test_an_estimate_has_its_ends_error_and_p_value_in_keys_of_their_own():
    record = fill(EstimateRecord, Estimate("r", -0.3, 0.1, "log ratio", "", "a note", calibrated=True))
    assert record.interval == IntervalRecord(low=-0.495996398, high=-0.104003602, level=0.95)
    assert record.p_value == pytest.approx(0.0026998, rel=1e-4)
    assert (record.value, record.standard_error, record.calibrated, record.note) == (-0.3, 0.1, True, "a note")
    unknown = fill(
        EstimateRecord, undefined("r", unit="log ratio", reference="", note="no events", reason=Reason.ZERO_COUNT)
    )
    assert unknown.value is unknown.standard_error is unknown.p_value is unknown.interval.low is None
    assert unknown.note == "no events"


def test_infinite_ends_of_a_set_are_null_and_its_shape_says_so():
    record = fill(ConfidenceSetRecord, ConfidenceSet(((-math.inf, -1.5), (0.25, math.inf)), 0.95, "Fieller"))
    assert record.shape == "two pieces"
    assert [(piece.low, piece.high) for piece in record.pieces] == [(None, -1.5), (0.25, None)]


def test_an_interval_and_a_pair_are_filled():
    assert fill(IntervalRecord, Interval(math.nan, 2.0, 0.9)) == IntervalRecord(low=None, high=2.0, level=0.9)
    assert fill(LeftOutRecord, ("wear", "too short")) == LeftOutRecord(part="wear", reason="too short")
