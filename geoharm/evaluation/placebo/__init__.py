"""Placebo places: what forecasts miss where there was no operation, and the interval this gives."""
