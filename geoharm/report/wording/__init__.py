"""Sentences for readers, chosen by rule from the readings."""
