"""Pooling of several operations, measures, rings or windows."""
