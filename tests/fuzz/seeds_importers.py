"""Small valid files of every foreign format."""

from __future__ import annotations

import gzip
import importlib.util
import json
from pathlib import Path

import numpy as np

_FORMATS = Path(__file__).parent.parent / "workloads" / "importers" / "formats.py"
_spec = importlib.util.spec_from_file_location("formats", _FORMATS)
assert _spec is not None
assert _spec.loader is not None
formats = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(formats)

TEXT = [b"a\nb\na\n", b"3\n1\n3\n", "é\n\n/x y\r\nlast".encode(), gzip.compress(b"a\nb\n")]
CSV = [
    b"key,time,size,ttl\na,1,10,\nb,2.5,20,60\na,3,10,\n",
    b"id;size;x\n/a;1;\n/b;2;y\n",
    b'url\ttime\tsize\n"a ""b""\nc"\t2024-01-02T03:04:05Z\t1\nd\t2024-01-02 03:04:06\t2\n',
    b"id,size\n1,2\n3,4\n",
]
_LOG = '10.0.0.1 - bob [10/Oct/2023:13:55:3{0} +0000] "GET /a/{0}?q=1 HTTP/1.1" 200 {0} "-" "x y"\n'
COMBINED = [
    "".join(_LOG.format(i % 4) for i in range(6)).encode(),
    b'h - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.0" 200 -\n' * 2,
]
_START = b'192.0.2.7 - - [06/May/2024:07:08:09 +0000] "GET /a HTTP/1.1" 200 512 "-" "x (y)"'
LONGER = [
    _START + b" 34 0.020 [shop-80] [] 10.1.0.1:80, 10.1.0.2:80 0, 512 0.001, 0.011 502, 200 x\n",
    _START + b' 7 "web@docker" "http://10.1.0.1:80" 12ms\n',
    _START + b" rt=0.012 12034\n" * 2,
    b"2024-05-06T07:08:09.25Z stdout F " + _START + b" 34 0.02 [s] [] - - - - x\n",
    (
        b"#Fields: date time s-sitename cs-method cs-uri-stem sc-status time-taken\n"
        b"2024-05-06 07:08:09 W3SVC1 GET /a 200 12\n2024-05-06 07:08:10 W3SVC1 GET /b 200 -\n"
    ),
]
LOGFMT = [
    b"ts=2024-05-06T07:08:09.250Z level=info method=GET path=/a status=200 bytes=512 took=12ms\n",
    b'time="2024-05-06T07:08:09Z" msg="a \\"b\\"" url=/x size=5\n' * 2,
    b'time=1700000000 url=/a size=10 ttl=60 msg="said \\"x\\""\ntime=1700000001 url=/b x= y\n',
]
MEMCACHED = [
    b"<28 set k:7 0 300 512\n>28 STORED\n<28 get k:7 k:8\n>28 sending key k:7\n>28 END\n",
    b"<28 mg k v t T300\n<28 md k q\n<28 delete k noreply\n<28 touch k -1\n>28 TOUCHED\n",
]
JSON = [
    formats.json_log().encode(),
    b'{"url":"/a","time":1700000000123,"bytes":1.5,"ttl":60}\n{"url":"/b","time":"2024-01-02"}\n',
    b'{"@timestamp":"2024-01-02T03:04:05Z","request":{"host":"h","uri":"/a"}}\n' * 2,
]
MONITOR = [
    formats.redis_monitor().encode()[:3000],
    (
        b'1339518083.107412 [0 127.0.0.1:60866] "set" "k" "v" "EX" "60"\n'
        b'1339518083.207412 [3 127.0.0.1:60866] "mget" "k\\x00" "\\"q\\""\n'
        b'1339518084.1 [0 lua] "hgetall" "h"\n1339518085.0 [0 unix:/s] "del" "k"\n'
    ),
]
TWITTER = [
    formats.twitter().encode(),
    b"0,k,5,0,1,get,0\n1,k,5,100,1,set,3600\n2,k,5,100,1,gets,0\n",
]
DURATIONS = [
    b"start,duration\n1,0.5\n2,0.25\n",
    b"time,end\n2024-01-02T03:04:05Z,2024-01-02T03:04:06Z\n",
    b"end;duration_ms\n5;1\n6;2\n",
    b"start\n1\n2\n3\n",
]
_CSV_ROW = ",".join(
    ["2024-06-10 05:00:00.123 UTC", *[""] * 10, "LOG", "", '"duration: 1.5 ms  x"', *[""] * 12]
)
POSTGRES = [
    (
        b"2024-06-10 05:00:00.123 UTC [7] LOG:  duration: 1.5 ms  statement: select 1\n"
        b"\tfrom t\n2024-06-10 05:00:01.123 UTC [7] LOG:  duration: 0.2 ms  parse a: select 1\n"
    ),
    (_CSV_ROW + "\n").encode() * 2,
    b'{"timestamp":"2024-06-10 05:00:00.123 UTC","error_severity":"LOG",'
    b'"message":"duration: 1.5 ms  statement: x"}\n' * 2,
    (
        b'{"textPayload":"2024-06-10 05:00:00.123 CET [7] LOG:  duration: 1.5 ms  plan:\\nx"}\n'
        b'{"log":"2024-06-10 05:00:00.124 CST [7] LOG:  duration: 1.6 ms  execute a: x\\n"}\n'
        b'{"logger":"postgres","record":{"log_time":"2024-06-10 05:00:00.2 CDT","process_id":"7",'
        b'"error_severity":"LOG","message":"duration: 0.2 ms  bind a: x"}}\n'
    ),
    (
        b"db-1  | 2024-06-10 05:00:00.123 UTC [7] LOG:  duration: 0.1 ms\ndb-1  | \tx\n"
        b"db-1  | 2024-06-10 05:00:00.124 UTC [7] LOG:  duration: 0.2 ms\n"
        b"db-1  | 2024-06-10 05:00:00.126 UTC [7] LOG:  execute a: x\n"
        b"db-1  | 2024-06-10 05:00:00.127 UTC [7] LOG:  duration: 1.2 ms\n"
    ),
]
SUMMARY = [
    b"calls,mean_exec_time,stddev_exec_time,seconds\n10,1.5,0.1,60\n5,2,0,60\n",
    b"calls,mean_time,stats_since\n10,1.5,2024-01-01 00:00:00+00\n",
]
HAR = [
    formats.har().encode(),
    json.dumps(
        {
            "log": {
                "entries": [
                    {
                        "startedDateTime": "2024-01-02T03:04:05.678+02:00",
                        "time": 12.5,
                        "request": {"method": "GET", "url": "http://h/a"},
                        "response": {"bodySize": 5},
                    }
                ]
            }
        }
    ).encode(),
]
K6 = [
    b"metric_name,timestamp,metric_value,group\n"
    + b"".join(
        b"vus,%d,2,\n" % second
        + b"http_req_duration,%d,12.5,\nhttp_req_failed,%d,0,\n" % (second, second) * 3
        for second in range(1_700_000_000, 1_700_000_008)
    ),
    b"metric_name,timestamp,metric_value\nvus,2024-01-02T03:04:05Z,1\n"
    + b"http_req_duration,2024-01-02T03:04:05Z,3\n" * 6,
]
LOCUST = [
    (Path(__file__).parents[1] / "patterns" / "async_io" / "locust_stats_history.csv").read_bytes()[
        :3500
    ],
]
SAMPLES = [
    b"timeStamp,elapsed,responseMessage,success,allThreads\n"
    + b"".join(b"%d,50,OK,true,2\n" % (1_700_000_000_000 + 90 * row) for row in range(60)),
    b"response-time,status-code,offset\n"
    + b"".join(b"0.05,200,%.2f\n" % (row / 9) for row in range(60)),
    b"".join(
        b"%d,200,50000000,0,9,,,a,%d\n" % (1_700_000_000_000_000_000 + 90_000_000 * row, row)
        for row in range(60)
    ),
]
WRK = (
    b"Running 9s test @ http://h/\n  2 threads and 8 connections\n"
    b"    Latency     6.33ms    2.00ms  13.18ms   80.54%\n     50%    6.00ms\n     99%   12.00ms\n"
    b"  900 requests in 9.00s, 1.81MB read\n  Non-2xx or 3xx responses: 5\n"
)
URLS = [b"http://h/a\n# x\n\nhttps://h:8080/b?c=d\n", b"http://[::1]/x\nhttp://me:pw@h/\n"]
KEYS = np.array([1, 5, 1, 7, 2**30, 1])
BINARY = {
    kind: [KEYS.astype(dtype).tobytes(), (KEYS * 0 + 3).astype(dtype).tobytes()]
    for kind, dtype in (
        ("int32le", "<i4"),
        ("int32be", ">i4"),
        ("int64le", "<i8"),
        ("int64be", ">i8"),
    )
}
BLOCKS = {
    "arc": [formats.arc().encode()],
    "spc": [formats.spc().encode(), b"2,8,1024,W,0.5,x\n0,16,512,r,1\n"],
    "msr": [formats.msr().encode()],
}
ORACLE = [formats.oracle()]
ORACLE_CSV = [formats.oracle_csv().encode(), b"1,k,5\n2,j,6\n"]
TRACES = [TEXT[0], CSV[0], COMBINED[0], JSON[0], MONITOR[1], TWITTER[0], *HAR, ORACLE_CSV[0]]
TRACES = [*TRACES, *LOGFMT, *MEMCACHED, *BLOCKS["spc"], *BLOCKS["msr"], CSV[3], CSV[2]]
ARRIVALS = [*DURATIONS, *POSTGRES, *SUMMARY, CSV[0], COMBINED[0], TWITTER[0]]

SEEDS: dict[str, list[bytes]] = {
    "detected": TRACES,
    "detected_txt": TRACES,
    "detected_log": [*COMBINED, *LONGER, *LOGFMT, *MEMCACHED, *JSON, *POSTGRES],
    "detected_arrivals": ARRIVALS,
    "trace_text": TEXT,
    "trace_csv": CSV,
    "trace_combined": COMBINED,
    "trace_json": JSON,
    "trace_logfmt": LOGFMT,
    "trace_memcached": MEMCACHED,
    "trace_har": HAR,
    "trace_redis_monitor": MONITOR,
    "trace_twitter": TWITTER,
    "trace_oracle": ORACLE,
    "trace_oracle_csv": ORACLE_CSV,
    **{f"trace_{kind}": found for kind, found in BLOCKS.items()},
    **{f"trace_{kind}": found for kind, found in BINARY.items()},
    "template_csv": [CSV[3], CSV[1]],
    "template_combined": COMBINED,
    "template_json": [JSON[0], JSON[2]],
    "template_har": HAR,
    "sorted_csv": CSV,
    "arrivals_durations": DURATIONS,
    "arrivals_postgres": POSTGRES,
    "arrivals_pg_stat_statements": SUMMARY,
    "arrivals_har": HAR,
    "accesses": [b"1\n5\n2\n", b"0\n"],
    "items": [b"a.txt\n", b"\na.txt\n"],
    "urls": URLS,
    "urls_har": HAR,
    "load_test": [*K6, *LOCUST, *SAMPLES, WRK],
    "columns": [b"key=url,time=ts", b"key={host}{path}", b"start=ts,duration_ms=x"],
}
