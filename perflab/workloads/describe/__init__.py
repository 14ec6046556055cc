"""What workloads are like, in numbers and words."""
