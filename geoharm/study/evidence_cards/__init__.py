"""Shipped evidence cards: what is known about each tactic, with its source."""
