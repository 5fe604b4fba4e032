"""Made cities with a known truth: whole ones as files, and bare counts for thousands of repetitions."""
