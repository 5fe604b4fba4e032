"""Date texts: their patterns, how Python and SQL read them, and which patterns a column needs."""
