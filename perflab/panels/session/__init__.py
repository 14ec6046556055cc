"""A panel's session: all that a user has made, in a file that opens again in a new kernel."""
