import json

import pytest

from perflab.errors import BadInputError
from perflab.workloads import read_trace

DOCUMENTS = {
    "array.json": '["a", "b", "a"]\n',
    "feed.xml": '<?xml version="1.0"?>\n<items>\n<item>a</item>\n</items>\n',
    "page": "<html>\n<body>\n</body>\n</html>\n",
    "config.yaml": "name: a\nsize: b\nother: c\n",
    "list.yml": "- alpha\n- beta\n- gamma\n",
}
TABLES = {
    "proxy": "".join(
        f"17000000{n:02}.123 {n} 10.0.0.1 TCP_HIT/200 GET /a{n % 3}\n" for n in range(30)
    ),
    "pairs.txt": "".join(f"17000000{n:02} /a{n % 3}\n" for n in range(30)),
    "tabs.dat": "".join(f"/a{n % 3}\t{n}\t200\n" for n in range(30)),
    "fields.out": "".join(f"level=info path=/a{n % 3} in {n}ms ok\n" for n in range(30)),
    "semicolons": "".join(f"a{n % 3};{n};x\n" for n in range(30)),
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
    with pytest.raises(BadInputError, match=r"heading, such as key"):
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


def test_a_json_array_or_indented_json_is_read_as_its_objects(write, keys_of):
    objects = [{"url": f"/{n % 2}", "bytes": 5} for n in range(4)]
    for indent in (None, 2):
        array = json.dumps(objects, indent=indent)
        several = "\n".join(json.dumps(each, indent=indent or 1) for each in objects)
        within = json.dumps({"next": None, "Records": objects}, indent=indent or 1)
        for name, content in (("a.json", array), ("b.txt", several), ("c", within)):
            trace = read_trace(write(name, content))
            assert keys_of(trace) == ["/0", "/1"] * 2
            assert trace.sizes.tolist() == [5] * 4


def test_a_json_document_without_objects_or_cut_off_is_refused(write):
    with pytest.raises(BadInputError, match="elements are not objects"):
        read_trace(write("a.json", '["a", "b", "a"]\n'))
    path = write("b.json", '[\n {"url": "/a"},\n {"url": ')
    with pytest.raises(BadInputError, match="cut off") as caught:
        read_trace(path)
    assert caught.value.place == f"{path}:3"
