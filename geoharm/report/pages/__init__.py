"""Whole HTML pages: report, embed card, priorities and appraisal."""
