"""Results of this room: measures, estimators, diagnostics, composites."""
