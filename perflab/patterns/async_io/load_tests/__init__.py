"""Results of load tests by other tools, to stand beside what is predicted."""
