"""A gate's result for a pipeline: as JUnit's XML and as a comment in Markdown."""
