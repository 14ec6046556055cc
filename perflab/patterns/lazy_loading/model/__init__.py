"""What-if of lazy loading."""
