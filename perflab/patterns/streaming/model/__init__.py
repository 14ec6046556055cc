"""What-if of streaming."""
