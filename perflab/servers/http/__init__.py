"""The HTTP server that perflab brings, with service times and faults to order."""
