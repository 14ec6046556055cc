"""Requests as small files of reported kinds have them, and what a plain loop says of them."""

import datetime as dt
import json
import math

COUNT = 24
START = 1718000000
STEP = 3
KEYS = [i * i % 11 for i in range(COUNT)]
MOMENTS = [START + STEP * i for i in range(COUNT)]


def url(i):
    return f"/p{KEYS[i]}"


def written(form, i):
    return dt.datetime.fromtimestamp(MOMENTS[i], dt.UTC).strftime(form)


def iso(i, end="Z"):
    return written("%Y-%m-%dT%H:%M:%S", i) + end


def apache(i):
    return written("%d/%b/%Y:%H:%M:%S +0000", i)


def lines(line):
    return "".join(f"{line(i)}\n" for i in range(COUNT))


def json_lines(fields):
    return lines(lambda i: json.dumps(fields(i)))


def table(heading, row, delimiter=","):
    return f"{heading}\n" + lines(lambda i: delimiter.join(map(str, row(i))))


def known(values):
    """Return numbers as a list, with None for NaN."""
    return [None if math.isnan(value) else value for value in values.tolist()]


def check_requests(trace, *, keys=KEYS, moments=MOMENTS):
    """Compare a trace with the requests that were written, one by one."""
    seen = {}
    assert trace.ids.tolist() == [seen.setdefault(key, len(seen)) for key in keys]
    assert trace.n_keys == len(seen)
    if moments is None:
        assert trace.times is None
    else:
        away = [round(time - moment, 5) for time, moment in zip(trace.times, moments, strict=True)]
        # What the zone or a fraction adds is one for all.
        assert len(set(away)) == 1
        return away[0]
    return None
