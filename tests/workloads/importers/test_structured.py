import pytest

from perflab.errors import BadInputError
from perflab.workloads import read_trace

DOCUMENTS = {
    "array.json": '["a", "b", "a"]\n',
    "objects": '[{"k": 1},\n {"k": 2}]\n',
    "indented.txt": '{\n  "rows": [\n    {\n      "url": "/a"\n    }\n  ]\n}\n',
    "list.json": '[\n  {\n    "url": "/a"\n  },\n  {\n    "url": "/b"\n  }\n]\n',
    "feed.xml": '<?xml version="1.0"?>\n<items>\n<item>a</item>\n</items>\n',
    "page": "<html>\n<body>\n</body>\n</html>\n",
    "config.yaml": "name: a\nsize: b\nother: c\n",
    "list.yml": "- alpha\n- beta\n- gamma\n",
    "u_ex.txt": "#Software: Web\n#Version: 1.0\n#Fields: date cs-uri-stem\n2026-01-01 /a\n",
}
TABLES = {
    "proxy": "".join(
        f"17000000{n:02}.123 {n} 10.0.0.1 TCP_HIT/200 GET /a{n % 3}\n" for n in range(30)
    ),
    "pairs.txt": "".join(f"17000000{n:02} /a{n % 3}\n" for n in range(30)),
    "tabs.dat": "".join(f"/a{n % 3}\t{n}\t200\n" for n in range(30)),
    "fields.out": "".join(f"level=info path=/a{n % 3} took={n}ms\n" for n in range(30)),
    "semicolons": "".join(f"a{n % 3};{n};x\n" for n in range(30)),
    "app.txt": "".join(f'INFO: 10.0.0.1:{n} - "GET /a HTTP/1.1" 200 OK\n' for n in range(30)),
}
KEYS = {
    "keys.txt": "user:1\nuser:2\nuser:1\n",
    "paths": "/a/b?c=1&d=2\n/a\n/a\n",
    "phrases.txt": "how to cook\nbest red shoes\nhow to cook\n",
    "methods.txt": "GET /a\nGET /b\nGET /a\n",
    "addresses.txt": "[::1]\n10.0.0.1\n[::1]\n",
    "templates.txt": "{user}:1\n{user}:2\n{user}:1\n",
    "moments.txt": "2026-01-01T00:00:00Z\n2026-01-01T00:00:01Z\n2026-01-01T00:00:00Z\n",
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_not_read_as_one_key_a_line(write, name):
    with pytest.raises(BadInputError, match=r"heading, such as key|one object per line"):
        read_trace(write(name, DOCUMENTS[name]))


@pytest.mark.parametrize("name", TABLES)
def test_lines_of_several_fields_are_not_read_as_keys(write, name):
    path = write(name, TABLES[name])
    with pytest.raises(BadInputError, match=r"fields per line.*heading, such as key"):
        read_trace(path)
    assert len(read_trace(path, "text").ids) == 30


@pytest.mark.parametrize("name", KEYS)
def test_keys_of_any_kind_are_still_read(write, name):
    trace = read_trace(write(name, KEYS[name]))
    assert (len(trace.ids), len(trace.keys)) == (3, len(set(KEYS[name].splitlines())))


@pytest.mark.parametrize(
    ("count", "again", "said"),
    [(20, 0, "no key comes twice"), (100, 3, "hardly one comes twice"), (100, 60, ""), (5, 0, "")],
)
def test_keys_that_come_once_are_told_whoever_named_the_format(write, count, again, said):
    lines = [f"line {n} of a log at 12:00:{n:02}" for n in range(count)]
    path = write("a.txt", "".join(f"{line}\n" for line in (lines + lines[:again])))
    notes = " ".join(read_trace(path, "text").notes)
    assert said in notes
    assert bool(said) == bool(notes)
