"""Importers: one file a format; each takes a `Source` and returns a `Trace`."""
