"""Settings, workload and limits of a service in a file, `perflab.toml`, and who overrules it."""
