"""Result types of the evaluation: measures, estimators, diagnostics and composite outcomes."""
