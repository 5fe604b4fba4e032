"""Placebo places: forecast errors at places without an operation, and the intervals learned from them."""
