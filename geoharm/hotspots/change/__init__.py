"""Change between two windows: change surfaces, permutation tests, and the similarity of patterns."""
