"""Simulated cities with a known truth: whole cities as files, and count panels for thousands of repetitions."""
