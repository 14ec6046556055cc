"""Answers at every size of a cache, or every lifetime, from one pass."""
