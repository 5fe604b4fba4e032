"""Readers: one for each kind of file; all hand over the declared columns as text, with line numbers."""
