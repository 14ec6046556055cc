"""What-if of the cache of one process."""
