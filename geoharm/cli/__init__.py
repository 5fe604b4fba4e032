"""The command line: one file for each group of verbs.

Exit codes of every verb: 0 done; 1 a mistake in the study, its data or a file, each said in one sentence, or a published
number that differs (`selfcheck`); 2 a wrong command line; 75 the database is in use by another program; 130 interrupted by
the user.
"""
