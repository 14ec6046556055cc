"""perflab."""
