"""The formats of files that `read_trace` and `read_arrivals` know, as users name them."""

READERS = {
    "text": "text:read_text",
    "csv": "csv:read_csv",
    "parquet": "parquet:read_parquet",
    "combined": "access_log:read_log",
    "json": "json_lines:read_json",
    "logfmt": "logfmt:read_logfmt",
    "har": "har:read_har",
    "redis_monitor": "redis_monitor:read_redis_monitor",
    "memcached": "memcached_log:read_memcached",
    "twitter": "twitter:read_twitter",
    "oracle": "oracle:read_oracle",
    "oracle_csv": "oracle:read_oracle_csv",
    "arc": "blocks:read_arc",
    "spc": "blocks:read_spc",
    "msr": "blocks:read_msr",
}
"""Of each format the module of `importers` and its function, which takes a `Source`."""

NAMED_COLUMNS = ("csv", "parquet", "combined", "json", "logfmt", "har")
"""Formats whose columns users can name; their functions take them too."""

FORMATS = (*READERS, "int32le", "int32be", "int64le", "int64be")
ARRIVAL_FORMATS = ("durations", "postgres", "pg_stat_statements")
