"""The commands on a whole service, which a perflab.toml describes."""
