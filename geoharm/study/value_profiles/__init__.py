"""Shipped value profiles: examples of weights by measure, to edit."""
