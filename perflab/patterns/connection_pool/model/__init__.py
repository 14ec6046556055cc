"""What-if of the connection pool."""
