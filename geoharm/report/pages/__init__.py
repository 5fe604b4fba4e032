"""Whole pages: report, embed card, priorities, appraisal."""
