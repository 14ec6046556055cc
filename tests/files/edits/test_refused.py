"""What cannot be replaced without a guess is refused, with the reason and the line."""

import json
import os
import sys

import pytest

from perflab.errors import BadInputError
from perflab.errors.extras import MissingExtraError
from perflab.files.edits import edit_file, edit_text, kind_of, parse_path, path_text

LONG = "9" * 5000
BLANKS = " " * 200_000
COMMENTS = "/**/" * 100_000
BACKSLASHES = '\\"' * 100_000
JSONC = f'{{"a": "{BACKSLASHES}",{BLANKS}"b": 7,{COMMENTS}}}'
SHARED = "base: &b\n  size: 1\nuser:\n  <<: *b\nother: *b\n"


def refused(kind, text, path, value=1):
    with pytest.raises(BadInputError) as caught:
        edit_text(text, kind_of("", text, kind), {parse_path(path): value})
    return str(caught.value)


@pytest.mark.parametrize(
    ("kind", "text", "path", "message"),
    [
        ("yaml", "a: 1\n---\na: 2\n", "a", "is in 2 documents of the file, in lines 1 and 3"),
        ("yaml", "a:\n  b: 1\n  b: 2\n", "a.b", "'b' is there 2 times, in lines 2 and 3"),
        ("yaml", SHARED, "base.size", "has the anchor &b, which line 4 uses too"),
        ("yaml", SHARED, "user.size", "comes from the merge (<<) in line 4"),
        ("yaml", SHARED, "other.size", "goes through an alias in line 5"),
        ("yaml", "a: &x 1\nb: *x\n", "a", "has the anchor &x, which line 2 uses too"),
        ("yaml", "- &x 1\n- *x\n", "[1]", "goes through an alias in line 2"),
        ("yaml", "d: &d x\na:\n  <<: *d\n", "a.size", "there is no 'size' under a"),
        ("yaml", "a: [1, 2]\n", "a", "names several values"),
        ("yaml", "a: |\n  one\n", "a", "is a block of lines"),
        ("yaml", "a: >\n  size 1\n", "a.size", "is one value"),
        ("yaml", "a: {b: 1\n", "a.b", "is not valid YAML (line 2"),
        ("yaml", "{{- if .on }}\na: 1\n{{- end }}\n", "a", "a template of Helm"),
        ("yaml", "a.b: 1\na:\n  b: 2\n", "a.b", "may both be meant"),
        ("yaml", "pool-size: 1\npoolSize: 2\n", "pool_size", "is there 2 times"),
        ("yaml", "", "a", "the file is empty"),
        ("yaml", "a: &x\nb: 1\n", "a", "has no value to replace"),
        ("yaml", "spring: {cache: 1}\n", "sprin.cache", "did you mean 'spring'?"),
        ("json", '{"a": {"b": 1, "b": 2}}', "a.b", "'b' is there 2 times"),
        ("json", '{"a": [1]}', "a[3]", "there is no item 3 under a"),
        ("json", '{"a": 1}', "a.b", "a is one value, which has no 'b'"),
        ("json", '{"a": {}}', "a", "names several values"),
        ("json", '{"a": 1,,}', "a", "is not valid JSON (line 1"),
        ("json", '{"a": [,]}', "a", "is not valid JSON (line 1"),
        ("json", '{"b": 1,\n"a":,}', "b", "is not valid JSON (line 2"),
        ("json", '{"a": 1\n/* one\n}', "a", "line 2: the comment does not end"),
        ("json", '{"a": 1 /*/ }', "a", "line 1: the comment does not end"),
        ("json", '{"a": 1 # one\n}', "a", "is not valid JSON (line 1"),
        ("json", '{"a": 1 // one\u2028, "b": 2\n}', "a", "is not valid JSON (line 1"),
        ("json", '{"a": 1 /', "a", "is not valid JSON (line 1"),
        ("json", '{"a.b": 1, "a": {"b": 2}}', "a.b", "may be meant in two ways"),
        ("json", "[" * 100_000, "a", "is nested too deeply"),
        ("json", '{"a":' * 600 + "1" + "}" * 600, "a.b", "is nested too deeply"),
        ("yaml", "[" * 2000 + "]" * 2000, "a", "is nested too deeply"),
        ("toml", "a = 1\na = 2\n", "a", "is not valid TOML"),
        ("toml", "[a]\nb = 1\n", "a", "names several values"),
        ("toml", '[a]\nb = """x\ny"""\n', "a.b", "is a text of several lines"),
        ("toml", "[a]\nbb = 1\n", "a.bx", "did you mean 'bb'?"),
        ("toml", "a = [1]\n", "a.x", "items of a list have numbers"),
        ("toml", "a-b = 1\naB = 2\n", "a_b", "'a-b' and 'aB' may both be meant"),
        ("toml", "[[a]]\nname = 'x'\n[[a]]\nname = 'x'\n", "a.x.b", "the name of [0] and [1]"),
        ("toml", f"a = {LONG}\n", "a", "holds a number of more digits"),
        ("json", "5", "a", "the file is one value"),
        ("yaml", "b: 1\na: \x1b[2J\n", "a", "line 2: special characters are not allowed"),
        ("conf", "maxmemory 1gb # one\n", "maxmemory", "has a remark behind its value"),
        ("ini", "[a]\nb = ; none\n", "a.b", "has a remark and no value"),
        ("conf", "maxmemory 1\nmaxmemory 2\n", "maxmemory", "in lines 1 and 2; leave only one"),
        ("conf", "maxmemory 1\n", "maxmemoryx", "did you mean 'maxmemory'?"),
        ("ini", "[a]\nb = 1\n  2\n", "a.b", "goes on in further lines"),
        ("ini", "[a]\nb = 1\n[a]\nb = 2\n", "a.b", "is there 2 times"),
        ("properties", "a=1,\\\n 2\n", "a", "goes on in further lines"),
        ("env", "A=1\nA=2\n", "A", "is there 2 times"),
    ],
)
def test_a_doubt_is_an_error(kind, text, path, message):
    assert message in refused(kind, text, path)


@pytest.mark.parametrize(
    ("kind", "text", "path", "value"),
    [
        ("conf", "a b\n", "a", 'x"y z'),
        ("ini", "[a]\nb = 1\n", "a.b", "x ; y"),
        ("ini", "[a]\nb = 1\n", "a.b", "x\ny"),
        ("properties", "a=1\n", "a", "\u2028"),
        ("env", "A=1\n", "A", "$(rm -rf)"),
        ("env", 'A="1"\n', "A", 'x"\nB=2'),
        ("yaml", "- A=1\n", "A", "x # y"),
    ],
)
def test_a_text_that_would_mean_more_is_not_written(kind, text, path, value):
    assert "cannot be written there" in refused(kind, text, path, value)


@pytest.mark.parametrize(
    ("kind", "text", "path", "after"),
    [
        ("json", f'{{"a": {LONG}, "b": 1}}', "b", f'{{"a": {LONG}, "b": 7}}'),
        ("json", f'{{"a": "{BACKSLASHES}",{BLANKS}"b": 1,{COMMENTS}}}', "b", JSONC),
        ("toml", "[pool]\nmaxSize = 1 # one\n", "pool.max-size", "[pool]\nmaxSize = 7 # one\n"),
        (
            "toml",
            "[[p]]\nname = 'a'\nsize = 1\n[[p]]\nname = 'b'\nsize = 2\n",
            "p.b.size",
            "[[p]]\nname = 'a'\nsize = 1\n[[p]]\nname = 'b'\nsize = 7\n",
        ),
        ("ini", '[a]\nb  = "1" ; one\n', "a.b", '[a]\nb  = "7" ; one\n'),
        ("ini", f"[a]\nx{BLANKS}y\nz = 1{BLANKS}2\nb = 1\n", "a.b", None),
        ("env", f"X=a{BLANKS}b\nA=1\n", "A", None),
        ("conf", f"x a{BLANKS}b\na 1\n", "a", None),
        ("properties", f"x{BLANKS}y\na=1\n", "a", None),
    ],
)
def test_a_value_is_found_behind_what_is_long_or_written_in_another_way(kind, text, path, after):
    # What looks at a run of blanks from each of its places takes hours for these.
    wanted = after or f"{text.removesuffix('1' + chr(10))}7\n"
    assert edit_text(text, kind_of("", text, kind), {parse_path(path): 7})[0] == wanted


def test_json_with_comments_is_said_to_be_no_strict_json():
    for text, notes in (('{"a": 1}', 0), ('{"a": 1,}', 1), ('{"a": 1} // one', 1)):
        assert len(edit_text(text, kind_of("a.jsonc", text), {("a",): 7})[2]) == notes


def test_one_value_is_not_replaced_twice():
    text = '{"a": {"b": 1}}'
    with pytest.raises(BadInputError, match="is the same value as"):
        edit_text(text, kind_of("", text, "json"), {("a", "b"): 1, ("a", "B"): 3})


def test_aliases_that_multiply_end_all_the_same():
    lists = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 30)]
    text = "\n".join(["l0: &l0 [x]", *lists, "size: 1", ""])
    after = edit_text(text, kind_of("", text, "yaml"), {("size",): 2})[0]
    assert after == text.replace("size: 1", "size: 2")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_write_protected_file_is_refused(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"a": 1}')
    path.chmod(0o400)
    with pytest.raises(BadInputError, match="is write-protected"):
        edit_file(str(path), {("a",): 2})


def test_nothing_is_written_where_somebody_changed_the_file(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"a": 1}')
    edit = edit_file(str(path), {("a",): 2})
    path.write_text('{"a": 3}')
    with pytest.raises(BadInputError, match="has changed meanwhile"):
        edit.write()
    assert path.read_text() == '{"a": 3}'


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path):
    target, link = tmp_path / "real.json", tmp_path / "link.json"
    target.write_text('{"a": 1}')
    target.chmod(0o600)
    link.symlink_to(target.name)
    edit = edit_file(str(link), {("a",): 2})
    assert edit.notes == (f"{link} is a link to {target}, which is written",)
    edit.write()
    assert link.is_symlink()
    assert json.loads(target.read_text()) == {"a": 2}
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_written_stays(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"a": 1}')
    edit = edit_file(str(path), {("a",): 2})
    path.unlink()
    path.mkdir()
    with pytest.raises((BadInputError, OSError)):
        edit.write()
    assert path.is_dir()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.yaml", None, "there is no such file"),
        ("a.txt", b"a: 1", "does not tell what kind of file it is"),
        ("a.yaml", "a: 1".encode("utf-16"), "is written in UTF-16"),
        ("a.yaml", b"a: \xff", "is not UTF-8"),
        ("a.env", b"A=1\0", "holds zero bytes"),
        ("a.env", b"A=1\n" * (1 << 20) + b"B=1\n", "is larger than 4 MiB"),
    ],
)
def test_a_file_that_is_no_text_is_refused(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInputError, match=message):
        edit_file(str(path), {("a",): 1})


def test_a_folder_and_a_pipe_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    for name in ("", "pipe.yaml"):
        with pytest.raises(BadInputError, match="is not a file"):
            edit_file(str(tmp_path / name), {("a",): 1})


def test_an_unknown_kind_names_the_nearest():
    with pytest.raises(BadInputError, match=r"unknown kind 'yml'; did you mean 'yaml'\?"):
        kind_of("a", "", "yml")


@pytest.mark.parametrize(("module", "kind"), [("ruamel.yaml", "yaml"), ("tomlkit", "toml")])
def test_what_is_not_installed_names_its_extra(monkeypatch, module, kind):
    for name in [each for each in sys.modules if each.startswith(module.partition(".")[0])]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"perflab\[cli\]"):
        edit_text("", kind_of("", "", kind), {("a",): 1})


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("a.b", ("a", "b")),
        ("a[0].b", ("a", 0, "b")),
        ('data."redis.conf".x', ("data", "redis.conf", "x")),
        ("data.'a b'", ("data", "a b")),
        ("[2]", (2,)),
        ("", ()),
    ],
)
def test_a_path_is_read_and_written(text, steps):
    assert parse_path(text) == steps
    assert parse_path(path_text(steps)) == steps


@pytest.mark.parametrize("text", [".a", "a..b", "a[", "a[x]", 'a."b', "a]"])
def test_what_is_not_a_path_is_refused(text):
    with pytest.raises(BadInputError, match="is not a path"):
        parse_path(text)
