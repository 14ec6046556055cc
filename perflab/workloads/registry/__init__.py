"""Kinds of workloads, and workloads by name."""
