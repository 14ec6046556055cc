"""What-if of async fetching."""
