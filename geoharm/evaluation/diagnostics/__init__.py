"""Diagnostics: threats to validity, each measured, with its severity for the answer."""
