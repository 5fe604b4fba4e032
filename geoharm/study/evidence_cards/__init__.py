"""Shipped evidence cards: what is known of each tactic, with its source."""
