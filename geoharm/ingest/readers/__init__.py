"""Readers, one for each kind of file: all return the declared columns as text, with line numbers."""
