"""General statistics: tests, intervals, bands, pooling, trends."""
