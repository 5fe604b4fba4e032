"""Engines, where the tables of a study are stored: one DuckDB file, opened with locked settings."""
