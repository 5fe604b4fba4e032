"""Sections of the report: each turns one part of a release into the values that its template shows."""
