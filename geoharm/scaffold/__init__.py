"""A first study file from a folder of data: proposals with their evidence, each marked as a guess."""
