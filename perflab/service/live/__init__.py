"""A whole service, run: workers in processes of their own, before real servers."""
