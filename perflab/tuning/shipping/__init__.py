"""A result's settings on their way to what takes them: into files, and onto a running server."""
