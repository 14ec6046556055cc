"""Rows of a file by number, loaded in chunks as they are asked for.

Needs readers: pip install 'perflab[files]'
"""

from pathlib import Path

from perflab.patterns.lazy_loading import LazyLoader

lines = (f"{number},{number * number}\n" for number in range(5000))
Path("squares.csv").write_text("number,square\n" + "".join(lines), encoding="utf-8")

with LazyLoader(data_source="squares.csv", chunk_size=1000, max_chunks=2) as rows:
    print(len(rows))  # 5000
    print(rows[4999])  # ('4999', '24990001')
    print(rows.stats()["misses"])  # 1
