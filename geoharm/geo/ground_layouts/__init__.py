"""Layouts of ground files: which layers and columns of a publisher's file are streets, water, green or names."""
