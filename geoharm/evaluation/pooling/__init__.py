"""Several operations or measures taken together."""
