"""Evaluation of operations: design, placebo places, estimators, diagnostics, pooling and readings."""
