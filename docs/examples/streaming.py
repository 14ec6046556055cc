"""A CSV to JSON Lines in flat memory; bad rows go to a file of their own.

Needs readers: pip install 'perflab[files]'
"""

from pathlib import Path

from perflab.patterns.streaming import StreamingSettings, StreamProcessor

lines = ("oops,1\n" if number == 7777 else f"{number},{number / 4}\n" for number in range(10_000))
Path("orders.csv").write_text("order,price\n" + "".join(lines), encoding="utf-8")

settings = StreamingSettings(
    input_file="orders.csv", output_file="orders.jsonl", chunk_size=500, engine="python"
)
done = StreamProcessor(settings).run()
print(done.rows_out)  # 9999
print(done.rows_rejected)  # 1
print(Path("orders.jsonl").read_text(encoding="utf-8").splitlines()[0])  # {"order":0,"price":0.0}
