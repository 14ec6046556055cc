"""Logs that begin as the combined one and go on: known by what follows, or said to be unread."""

from __future__ import annotations

import json

import numpy as np
import pytest

from perflab.workloads import read_trace

COUNT = 30
CRI = "2024-05-06T07:08:09.250000000Z stdout F "
SYSLOG = "May  6 07:08:09 host nginx[7]: "
INGRESS = " 34 0.020 [shop-80] [] 10.1.0.1:80 512 0.0{n:02} 200 abc"
TRAEFIK = ' 7 "web@docker" "http://10.1.0.1:80" {n}ms'


def combined(n, rest, request=None):
    said = f"GET /a/{n % 5} HTTP/1.1" if request is None else request
    start = f'192.0.2.7 - - [06/May/2024:07:08:{n:02} +0000] "{said}" 200 512 "-" "ua (x; y)"'
    return start + rest.format(n=n)


def docker(line):
    return json.dumps({"log": line + "\n", "stream": "stdout", "time": "2024-05-06T07:08:09Z"})


def log(rest, prefix=""):
    return "".join(f"{prefix}{combined(n, rest)}\n" for n in range(COUNT))


def unread(trace):
    return [note for note in trace.notes if note.startswith("not read")]


@pytest.mark.parametrize("prefix", ["", CRI, SYSLOG])
@pytest.mark.parametrize(
    ("rest", "name", "unit"),
    [(INGRESS, "ingress-nginx", 1e-3), (TRAEFIK, "traefik", 1e-3)],
)
def test_unmistakable_ends_bring_the_backends_times(write, prefix, rest, name, unit):
    trace = read_trace(write("access.log", log(rest, prefix)))
    assert trace.backend_seconds.tolist() == pytest.approx([unit * n for n in range(COUNT)])
    assert f"read as the {name} log format" in trace.notes
    assert trace.n_keys == 5
    assert trace.sizes.tolist() == [512] * COUNT
    assert unread(trace) == []


@pytest.mark.parametrize("rest", [INGRESS, TRAEFIK])
def test_lines_in_docker_json_are_known_by_their_ends(write, rest):
    lines = "".join(docker(combined(n, rest)) + "\n" for n in range(COUNT))
    trace = read_trace(write("x.log", lines))
    assert trace.backend_seconds.tolist() == pytest.approx([n / 1e3 for n in range(COUNT)])


@pytest.mark.parametrize("prefix", ["", CRI])
def test_servers_tried_in_turn_are_added_up_in_any_line(write, prefix):
    rest = " 34 0.2 [shop-80] [] 10.1.0.1:80, 10.1.0.2:80 0, 512 0.001, 0.011 502, 200 abc"
    odd = f"{prefix}{combined(1, rest, 'GET /a b HTTP/1.1')}\n"
    trace = read_trace(write("a.log", log(rest, prefix) + odd))
    assert trace.backend_seconds.tolist() == pytest.approx([0.012] * (COUNT + 1))


def test_garbage_and_unasked_backends_do_not_hide_an_ingress(write):
    lines = [combined(n, INGRESS) for n in range(16)]
    lines += [combined(n, " 0 0.000 [] [] - - - - abc", "\\x16\\x03\\x01") for n in range(16, 20)]
    lines += [combined(n, " 34 0.001 [] [] - - - - abc") for n in range(20, 30)]
    trace = read_trace(write("access.log", "\n".join(lines) + "\n"))
    assert len(trace) == 26
    assert np.isnan(trace.backend_seconds[16:]).all()
    assert trace.backend_seconds[:16].tolist() == pytest.approx([n / 1e3 for n in range(16)])


UNREAD = {
    " 12034": "12034",  # Apache's %D
    " 34 600": "34 600",  # combinedio, or two durations
    ' "12ms"': '"12ms"',
    ' rt=0.012 uct="0.000" urt="0.012"': "urt=",
}


@pytest.mark.parametrize("rest", UNREAD)
def test_numbers_behind_the_combined_log_are_said_to_be_unread(write, rest):
    (note,) = unread(read_trace(write("access.log", log(rest))))
    assert UNREAD[rest] in note
    assert "--log-format" in note


OLDER = {
    "nielsbasjes/logparser#51": ("0.24", " 34 0.020 [shop-80] 10.1.0.1:80 512 0.0{n:02} 200"),
    "fluent/fluent-bit#1450": ("0.29", INGRESS),
    "kubernetes/ingress-nginx#6376": (
        "0.29",
        " 34 0.020 [shop-80] [] 10.1.0.1:80 : 10.1.0.2:80 0 : 512 0.0{n:02} : 0.000 500 : 404 abc",
    ),
}


@pytest.mark.parametrize("source", OLDER)
def test_older_ingresses_are_known_by_their_ends(write, source):
    version, rest = OLDER[source]
    text = log(rest).replace("192.0.2.7 - - ", "192.0.2.7 - [198.51.100.4] - - ")
    trace = read_trace(write("access.log", text))
    assert trace.backend_seconds.tolist() == pytest.approx([n / 1e3 for n in range(COUNT)])
    if " : " not in rest:  # which the tolerant expression of any version knows
        assert f"read as the ingress-nginx-{version} log format" in trace.notes
    assert unread(trace) == []


def test_numbers_behind_a_virtual_hosts_log_are_said_to_be_unread(write):
    path = write("access.log", log(" 12034", "shop.example.org:443 "))
    for form in (None, "vhost"):
        (note,) = unread(read_trace(path, log_format=form))
        assert "12034" in note


def test_numbers_between_the_fields_are_said_to_be_unread(write):
    for place, form in {
        "between time and request": '1.2.3.4 - - [{t}] 0.0{n:02} "GET /{n} HTTP/1.1" 200 9 "-" "x"',
        "'200 12' at the end": '1.2.3.4 - - [{t}] 9 "GET /{n} HTTP/1.1" 200 9 "-" "x" 200 12',
        "between request and status": '1.2.3.4 - - [{t}] "GET /{n} HTTP/1.1" 0.0{n:02} 200 9',
    }.items():
        lines = (form.format(t=f"06/May/2024:07:08:{n:02} +0000", n=n) for n in range(COUNT))
        (note,) = unread(read_trace(write("access.log", "\n".join(lines) + "\n")))
        assert place in note


@pytest.mark.parametrize(
    "rest", ["", ' "203.0.113.7, 10.0.0.1"', ' "-"', " 3db73c", " 2024-05-06", ' "a.example:443"']
)
def test_what_is_no_number_needs_no_word(write, rest):
    assert unread(read_trace(write("access.log", log(rest)))) == []


@pytest.mark.parametrize("before", ["2024-05-06 07:08:09,250 [INFO] ", "2024-05-06 07:08:09 x - "])
def test_a_date_before_the_combined_log_hides_none_of_it(write, before):
    trace = read_trace(write("access.log", log("", before)))
    assert trace.sizes.tolist() == [512] * COUNT
    assert np.diff(trace.times).tolist() == [1.0] * (COUNT - 1)


def test_combinedio_by_its_name_has_nothing_unread(write):
    trace = read_trace(write("access.log", log(" 34 600")), log_format="combinedio")
    assert unread(trace) == []
    assert trace.sizes.tolist() == [512] * COUNT


def test_s3_says_its_turn_around_time(write):
    line = (
        '79a shop [06/May/2024:07:08:{n:02} +0000] 192.0.2.7 arn:x 3E57 REST.GET.OBJECT a "GET /a '
        'HTTP/1.1" 200 - 512 512 40 {t} "-" "agent" -\n'
    )
    text = "".join(line.format(n=n, t="-" if n % 3 == 0 else n) for n in range(COUNT))
    trace = read_trace(write("s3.log", text))
    wanted = [None if n % 3 == 0 else pytest.approx(n / 1e3) for n in range(COUNT)]
    found = [None if np.isnan(value) else value for value in trace.backend_seconds.tolist()]
    assert found == wanted


IIS = "date time s-sitename cs-method cs-uri-stem sc-status sc-win32-status time-taken"
CLOUDFRONT = "date time x-edge-location sc-bytes c-ip cs-method cs-uri-stem sc-status time-taken"


def test_time_taken_is_the_backends_in_iis(write):
    rows = (f"2024-05-06 07:08:{n:02} W3SVC1 GET /{n % 5} 200 0 {n}\n" for n in range(COUNT))
    trace = read_trace(write("u_ex.log", f"#Fields: {IIS}\n" + "".join(rows)))
    assert trace.backend_seconds.tolist() == pytest.approx([n / 1e3 for n in range(COUNT)])
    assert "fields not used: s_sitename, sc_win32_status" in trace.notes


def test_fields_that_a_header_names_and_none_reads_are_said(write):
    rows = (
        f"2024-05-06\t07:08:{n:02}\tFRA2\t512\t1.2.3.4\tGET\t/{n % 5}\t200\t0.01\n"
        for n in range(COUNT)
    )
    trace = read_trace(write("cf.log", f"#Fields: {CLOUDFRONT}\n" + "".join(rows)))
    assert trace.backend_seconds is None
    assert "fields not used: x_edge_location, c_ip, time_taken" in trace.notes
