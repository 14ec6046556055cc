import pytest

from perflab.errors import BadInputError
from perflab.files import write_text
from perflab.lab.result import read_json


def test_json_object_is_read(tmp_path):
    assert read_json(write_text(tmp_path / "run.json", '{"a": [1, "ü"]}')) == {"a": [1, "ü"]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "run.json:1: is not JSON ("),
        (b'{"a": 1,\n "b"', "run.json:2: is not JSON ("),
        (b"[1]", "run.json: is not a JSON object, so not a result of perflab"),
        (b"\xff\xfe\x00binary", "run.json: cannot be read (not a text)"),
    ],
)
def test_what_is_no_json_object_is_one_clear_line(tmp_path, content, message):
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(BadInputError) as caught:
        read_json(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_is_one_clear_line(tmp_path):
    with pytest.raises(BadInputError, match=r"run\.json: cannot be read \(No such file"):
        read_json(tmp_path / "run.json")
