"""Propose or recognise the format of an unknown file: its columns and dates, with evidence and doubts."""
