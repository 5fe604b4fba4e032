"""Evaluation design: zones, windows and control areas."""
