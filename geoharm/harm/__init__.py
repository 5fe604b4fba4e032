"""Harm analysis: net harm, unintended harm, appraisal and ranking. Activity is never counted as harm."""
