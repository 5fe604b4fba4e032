"""The order of work: load the files, ask the questions, analyse, protect, write."""
