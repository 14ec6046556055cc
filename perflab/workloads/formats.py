"""The formats of files that `read_trace` and `read_arrivals` know, as users name them."""

FORMATS = (
    *("text", "csv", "parquet", "combined", "json", "har", "redis_monitor", "twitter"),
    *("oracle", "oracle_csv", "arc", "spc", "msr"),
    *("int32le", "int32be", "int64le", "int64be"),
)
ARRIVAL_FORMATS = ("durations", "postgres", "pg_stat_statements")
NAMED_COLUMNS = ("csv", "parquet", "combined", "json", "har")
