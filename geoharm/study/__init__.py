"""The study file: what the user writes, read and checked before any data are loaded."""
