"""Data types that several packages share: immutable, validated, without access to files or databases."""
