"""What changed around an operation: design, placebo places, estimators, diagnostics, pooling, reading."""
