"""A panel for guests: they use it in a browser, and the machine behind it is somebody else's."""
