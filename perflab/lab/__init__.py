"""Runs a bench live in a child process; what it measured."""
