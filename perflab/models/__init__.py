"""What-if: from a workload and settings to a prediction, one file a pattern."""
