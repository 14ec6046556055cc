"""The chapter of a report that is about a whole service."""
