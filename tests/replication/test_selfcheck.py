"""Published numbers, one table for users and tests: each agrees, and the verb says so when one does not."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from scipy.stats import poisson_means_test
from typer.testing import CliRunner

from geoharm.cli import selfcheck as cli_selfcheck
from geoharm.cli.app import app
from geoharm.replication.case import ReplicationCase, rounding_tolerance
from geoharm.replication.run import replicate_all

ROWS = replicate_all()


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.case}, {row.quantity}" for row in ROWS])
def test_published_number(row):
    assert row.got == pytest.approx(row.expected, abs=row.tolerance)
    assert row.agrees


def test_every_row_names_its_source_and_is_there_once():
    assert all(row.source and row.case and row.quantity for row in ROWS)
    assert len({(row.case, row.quantity) for row in ROWS}) == len(ROWS)


def test_tolerances_are_those_of_the_printed_digits():
    """No tolerance may be so wide that another number would pass."""
    assert all(row.tolerance <= 0.0051 * max(abs(row.expected), 1) or row.tolerance < 0.51 for row in ROWS)
    assert rounding_tolerance(2) == pytest.approx(0.005)


@pytest.mark.parametrize("got", [1.02, math.nan, math.inf])
def test_a_number_that_differs_or_is_undefined_does_not_agree(got):
    assert not ReplicationCase("case", "source", "z", 1.0, got, 0.01).agrees


def test_the_verb_prints_every_row_and_ends_well():
    found = CliRunner().invoke(app, ["selfcheck"])
    assert found.exit_code == 0
    assert f"{len(ROWS)} of {len(ROWS)} published numbers agree." in found.stdout


def test_the_verb_ends_with_1_where_a_number_differs(monkeypatch):
    wrong = (*ROWS[:3], replace(ROWS[3], got=ROWS[3].got + 1))
    monkeypatch.setattr(cli_selfcheck.replication_run, "replicate_all", lambda: wrong)
    found = CliRunner().invoke(app, ["selfcheck", "--json"])
    assert found.exit_code == 1
    rows = json.loads(found.stdout)
    assert [row["agrees"] for row in rows] == [True, True, True, False]
    assert set(rows[0]) == {"case", "source", "quantity", "expected", "got", "tolerance", "agrees"}


def test_the_exact_test_is_the_published_one_where_a_peer_departs():
    """crimepy standardises by the pooled rate and gives 0.2018 and 0.00154; the published test gives these."""
    assert poisson_means_test(15, 1, 5, 1, diff=5).pvalue == pytest.approx(0.27268, abs=1e-5)
    assert poisson_means_test(100, 10, 25, 5).pvalue == pytest.approx(0.000574719, rel=1e-5)
