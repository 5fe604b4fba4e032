"""Published numbers, computed again: each with its source, the published value, ours and a tolerance."""
