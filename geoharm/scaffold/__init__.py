"""Proposes a first study file from a folder of data; every guess is marked and has its evidence."""
