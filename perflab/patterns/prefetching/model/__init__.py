"""What-if of prefetching."""
