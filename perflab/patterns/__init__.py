"""The seven patterns, each good enough to import into a service on its own.

Import a pattern from its own module, such as ``perflab.patterns.cache``: it loads no other.
"""
