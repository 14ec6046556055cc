"""Scans of the lines of a text as compiled loops: where fields are, and what they say."""
