"""Nouns of this room cannot be changed after they were made."""

from __future__ import annotations

from tests.nouns import check_nouns_are_fixed


def test_no_noun_can_be_changed():
    check_nouns_are_fixed("evaluation", least=30)
