"""Maps: interactive, static, and their layers."""
