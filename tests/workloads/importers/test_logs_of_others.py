"""Files that are of another bench, or whose keys cannot be kept: refused with the cause."""

from __future__ import annotations

import json

import pytest

from perflab.errors import BadInputError
from perflab.workloads import read_trace

MOMENT = "2025-02-03 04:05:{n:02}.250 UTC"
SAYS = "duration: {n}.500 ms  statement: SELECT name FROM item WHERE id = {n}"


def cloud_sql(n):
    text = f"{MOMENT} [71]: [{n}-1] db=app,user=web LOG:  {SAYS}".format(n=n)
    return {"insertId": f"s{n}", "textPayload": text, "logName": "cloudsql.googleapis.com"}


def cloudnative(n):
    record = {"log_time": MOMENT.format(n=n), "error_severity": "LOG", "process_id": "71"}
    record["message"] = SAYS.format(n=n)
    return {"level": "info", "logger": "postgres", "msg": "record", "record": record}


def jsonlog(n):
    return {"timestamp": MOMENT.format(n=n), "pid": 7, "error_severity": "LOG"} | {
        "message": SAYS.format(n=n)
    }


@pytest.mark.parametrize("form", [cloud_sql, cloudnative, jsonlog])
@pytest.mark.parametrize("name", ["pg.json", "pg.log", "pg"])
def test_objects_of_postgresql_are_named_with_their_bench(write, form, name):
    text = "".join(json.dumps(form(n)) + "\n" for n in range(1, 30))
    with pytest.raises(BadInputError, match=r"is a log of PostgreSQL.*connection_pool or async_io"):
        read_trace(write(name, text))


@pytest.mark.parametrize("name", ["pg.txt", "pg", "postgresql-Mon.log"])
def test_lines_of_postgresql_are_named_whatever_the_file_is_called(write, name):
    lines = [f"{MOMENT} [71] LOG:  {SAYS}\n".format(n=n) for n in range(1, 30)]
    with pytest.raises(BadInputError, match="is a log of PostgreSQL"):
        read_trace(write(name, "".join(lines)))


def test_objects_with_a_key_are_read_whatever_they_say_of_postgresql(write):
    rows = [{"ts": n, "url": f"/{n % 3}", "message": SAYS.format(n=n)} for n in range(1, 30)]
    trace = read_trace(write("a.json", "".join(json.dumps(row) + "\n" for row in rows)))
    assert trace.n_keys == 3


@pytest.mark.parametrize("key", ["id", "url"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_keys_that_the_file_rounds_are_refused_with_the_cause(write, key, sign):
    rows = [f'{{"ts": {n}, "{key}": {sign}9.{n}5e+23}}\n' for n in range(7)]
    with pytest.raises(BadInputError) as caught:
        read_trace(write("a.json", "".join(rows)))
    assert f"7 keys in {key} are rounded" in str(caught.value)
    assert "write them as texts, in quotes" in str(caught.value)
    texts = [row.replace(f": {sign}9", f': "{sign}9').replace("}", '"}') for row in rows]
    assert read_trace(write("b.json", "".join(texts))).n_keys == 7
    wholes = [row.replace(".", "").replace("e+23", "0" * 22) for row in rows]
    assert read_trace(write("c.json", "".join(wholes))).n_keys == 7
