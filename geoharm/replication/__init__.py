"""Replication of published numbers: each with its source, the published value, the computed value and a tolerance."""
