"""Diagnostics: threats to validity, each measured, with its consequence for the answer."""
