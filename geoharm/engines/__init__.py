"""Where the tables live: today one DuckDB file, opened locked down."""
