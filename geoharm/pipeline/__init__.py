"""The pipeline: load files, collect counts, analyse, protect (suppress and round), and write pages."""
