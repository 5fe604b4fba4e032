"""The parts of the report: each turns its part of a release into what a page shows."""
