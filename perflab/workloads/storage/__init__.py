"""Workloads in folders of arrays and in Parquet files."""
