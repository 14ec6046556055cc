"""A trace written in each format as its makers write it: reading it back is a round trip."""

from __future__ import annotations

import json
import struct

KEYS = [3, 1, 3, 2, 1, 1, 3, 9]
TIMES = [1_700_000_000 + step for step in (0, 1, 1, 4, 5, 9, 20, 21)]
SIZES = [512, 4096, 512, 8192, 4096, 4096, 512, 100]


def rows():
    return zip(KEYS, TIMES, SIZES, strict=True)


def json_log():
    return "".join(
        json.dumps({"ts": time, "request": {"host": "h", "uri": f"/{key}"}, "size": size}) + "\n"
        for key, time, size in rows()
    )


def logfmt():
    return "".join(f"ts={time} path=/{key} size={size}\n" for key, time, size in rows())


def har():
    entries = [
        {
            "startedDateTime": f"2023-11-14T22:13:{20 + time - TIMES[0]:02d}.000Z",
            "request": {"method": "GET", "url": f"https://h/{key}"},
            "response": {"content": {"size": size}, "bodySize": -1},
        }
        for key, time, size in rows()
    ]
    return json.dumps({"log": {"version": "1.2", "entries": entries}}, indent=1)


def redis_monitor():
    lines = ["OK"]
    for key, time, size in rows():
        lines.append(f'{time}.000000 [0 127.0.0.1:5000] "GET" "{key}"')
        lines.append(f'{time}.000001 [0 127.0.0.1:5000] "SET" "{key}" "{"x" * size}"')
    return "\n".join(lines) + "\n"


def twitter():
    return "".join(f"{time},{key},1,{size - 1},7,get,0\n" for key, time, size in rows())


def memcached():
    lines = ["slab class   1: chunk size        96 perslab   10922"]
    for key, _, size in rows():
        lines += [f"<28 get {key}", ">28 END", f"<28 set {key} 0 0 {size - 1}", ">28 STORED"]
    return "\n".join(lines) + "\n"


def oracle():
    return b"".join(struct.pack("<IQIq", time, key, size, -1) for key, time, size in rows())


def oracle_csv():
    lines = [f"{time}, {key}, {size}, -1\n" for key, time, size in rows()]
    return "# time, object, size, next_access_vtime\n" + "".join(lines)


def arc():
    return "".join(f"{key} 1 0 {number}\n" for number, (key, _, _) in enumerate(rows()))


def spc():
    return "".join(f"0,{key * 8},4096,r,{time}.0\n" for key, time, _ in rows())


def msr():
    ticks = (10_000_000 * (time + 11_644_473_600) for time in TIMES)
    return "".join(
        f"{tick},usr,0,Read,{key * 4096},4096,99\n" for key, tick in zip(KEYS, ticks, strict=True)
    )


# By format: the file's name, its content, and how a key of it reads.
WRITTEN = {
    "json": ("a.json", json_log(), "/{}"),
    "logfmt": ("app.log", logfmt(), "/{}"),
    "har": ("a.har", har(), "GET https://h/{}"),
    "redis_monitor": ("a.txt", redis_monitor(), None),
    "memcached": ("cache.log", memcached(), None),
    "twitter": ("cluster52", twitter(), None),
    "oracle": ("w.oracleGeneral.bin", oracle(), None),
    "oracle_csv": ("w.csv", oracle_csv(), None),
    "arc": ("P1.lis", arc(), None),
    "spc": ("WebSearch1.spc", spc(), None),
    "msr": ("usr_0.csv", msr(), None),
}
WITHOUT_TIMES = ("arc", "memcached")
WITHOUT_SIZES = ("arc", "spc", "msr")
