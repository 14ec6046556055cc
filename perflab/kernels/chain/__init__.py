"""A chain of caches before a pool and a database, as one compiled loop over events."""
