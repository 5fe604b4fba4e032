"""Estimators, one per file: each computes an estimate from counts."""
