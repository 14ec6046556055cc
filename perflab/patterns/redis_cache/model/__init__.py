"""What-if of the cache in Redis."""
