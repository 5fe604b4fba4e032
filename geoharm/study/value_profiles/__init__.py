"""Shipped value profiles: examples of weights, to be copied and edited."""
