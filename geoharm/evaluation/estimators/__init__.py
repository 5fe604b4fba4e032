"""Estimators: one file each, from counts to an estimate."""
