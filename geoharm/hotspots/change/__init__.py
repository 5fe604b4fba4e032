"""Change between two windows: where, by how much, and beyond chance or not."""
