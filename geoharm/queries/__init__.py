"""Queries to the database: each returns counts, points or a panel."""
