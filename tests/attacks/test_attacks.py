"""Attacks on what is published: a planted count is not given back, and each attacker would give it back without protection."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.attacks.attack import agreeing_counts
from tests.attacks.corpus import ATTACKS

ATTACKERS = Path(__file__).parent / "attackers"
LEAST_KINDS = 90


def marked(attack):
    leak = [pytest.mark.xfail(strict=True, reason=attack.leak)] if attack.leak else []
    return pytest.param(attack, id=attack.kind, marks=leak)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.kind)
def test_without_protection_the_attacker_finds_the_planted_count(attack):
    for count in attack.planted:
        assert agreeing_counts(attack, count, "internal") == {count}


@pytest.mark.parametrize("attack", [marked(attack) for attack in ATTACKS])
def test_what_is_published_leaves_as_many_counts_as_the_label_names(attack):
    for count in attack.planted:
        found = agreeing_counts(attack, count, "public")
        assert count in found
        assert len(found) >= attack.k - 1


def test_there_are_many_kinds_and_each_has_a_name_of_its_own():
    kinds = [attack.kind for attack in ATTACKS]
    assert len(set(kinds)) == len(kinds) >= LEAST_KINDS


def test_attackers_know_nothing_of_the_program():
    for path in ATTACKERS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [node.module] if isinstance(node, ast.ImportFrom) else []
            modules += [one.name for one in node.names] if isinstance(node, ast.Import) else []
            assert not any((module or "").startswith("geoharm") for module in modules), path.name
