"""Advice: which patterns would help, with first settings and the number that decides each."""
