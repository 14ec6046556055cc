"""Results of k6 and Locust, to stand beside what is predicted."""
