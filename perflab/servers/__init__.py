"""Real backends: what a pattern's misses, queries and requests go to."""
