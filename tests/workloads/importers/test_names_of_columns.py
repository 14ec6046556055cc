"""Method, answer, key, time and size under the names that people and clouds give them."""

from __future__ import annotations

import json

import pytest

from perflab.operations import Operation
from perflab.workloads import read_trace

START = 1718000000
# Method, status and what is left of each request: a write that was refused wrote nothing.
REQUESTS = [
    ("GET", 200, Operation.GET),
    ("POST", 201, Operation.WRITE),
    ("POST", 503, None),
    ("DELETE", 204, Operation.DELETE),
    ("PUT", 409, None),
    ("GET", 404, Operation.GET),
] * 5
KEPT = [int(code) for _, _, code in REQUESTS if code is not None]


def check(trace):
    assert trace.operations.tolist() == KEPT
    assert trace.times[0] == START
    assert trace.n_keys == 3
    assert "left out, since they were answered with an error: POST 5, PUT 5" in trace.notes


HEADINGS = [
    "Request URL,Request Method,Status Code,Timestamp",
    "request_url,request_method,status_code,timestamp",
    "requestUrl,requestMethod,statusCode,timeStamp",
    "request.url,request.method,response.status,Start Time",
    "REQUEST-URL,REQUEST-METHOD,STATUS-CODE,TIME STAMP",
    "URL,HTTP Method,HTTP Status Code,Event Time",
    "url.path,http.request.method,http.response.status_code,@timestamp",
    "httpRequest.requestUrl,httpRequest.requestMethod,httpRequest.status,timestamp",
    "ClientRequestURI,ClientRequestMethod,EdgeResponseStatus,EdgeStartTimestamp",
    "RequestPath,RequestMethod,DownstreamStatus,StartUTC",
    "http.target,http.method,http.status_code,start_time",
    "url.full,http.request.method,http.response.status_code,Timestamp",
    "CsUriStem,CsMethod,ScStatus,TimeGenerated",
]


@pytest.mark.parametrize("heading", HEADINGS)
def test_columns_of_a_table_are_found_however_spelled(write, heading):
    rows = (f"/{n % 3},{m},{s},{START + n}" for n, (m, s, _) in enumerate(REQUESTS))
    trace = read_trace(write("a.csv", "\n".join([heading, *rows]) + "\n"))
    check(trace)


def google(n, method, status):
    return {
        "timestamp": START + n,
        "httpRequest": {"requestMethod": method, "requestUrl": f"/{n % 3}", "status": status},
    }


def google_flat(n, method, status):
    return {"timestamp": START + n, "requestMethod": method} | {
        "requestUrl": f"/{n % 3}",
        "statusCode": status,
    }


def azure(n, method, status):
    inner = {"httpMethod": method, "requestUri": f"/{n % 3}", "httpStatusCode": str(status)}
    return {"time": START + n, "category": "FrontDoorAccessLog", "properties": inner}


def azure_gateway(n, method, status):
    inner = {"httpMethod": method, "requestUri": f"/{n % 3}", "httpStatus": status}
    return {"timeStamp": START + n, "properties": inner}


def pino(n, method, status):
    request, answer = {"method": method, "url": f"/{n % 3}"}, {"statusCode": status}
    return {"time": START + n, "req": request, "res": answer, "responseTime": 3}


def elastic(n, method, status):
    http = {"request": {"method": method}, "response": {"status_code": status}}
    return {"@timestamp": START + n, "url": {"path": f"/{n % 3}"}, "http": http}


def spaced(n, method, status):
    return {"Time": START + n, "Request Method": method} | {
        "Request URL": f"/{n % 3}",
        "Status Code": status,
    }


@pytest.mark.parametrize("form", [google, google_flat, azure, azure_gateway, pino, elastic, spaced])
def test_fields_of_objects_are_found_however_spelled(write, form):
    rows = (json.dumps(form(n, m, s)) for n, (m, s, _) in enumerate(REQUESTS))
    trace = read_trace(write("a.json", "\n".join(rows) + "\n"))
    check(trace)


def test_a_name_that_two_columns_have_is_of_neither(write):
    rows = (f"{n},/{n % 3},GET,DELETE" for n in range(30))
    heading = "time,url,Request Method,request_method"
    trace = read_trace(write("a.csv", "\n".join([heading, *rows]) + "\n"))
    assert trace.operations is None
