"""Values replaced in files as people keep them: no other byte changes."""

import pytest
from configuration_files import FILES
from jsonc_files import FILES as JSONC
from terraform_files import FILES as TERRAFORM

from perflab.errors import BadInputError
from perflab.files.edits import edit_file, parse_path


@pytest.fixture(params=(*FILES, *JSONC, *TERRAFORM), ids=lambda known: known.name)
def case(request, tmp_path):
    path = tmp_path / request.param.name
    path.write_bytes(request.param.content)
    return path, request.param


def swapped(known, swaps):
    """Return the file's bytes with each old piece replaced by its new one, which is there once."""
    content = known.content
    for swap in swaps:
        ends = "\r\n" if b"\r\n" in known.content else "\n"
        old, new = (text.replace("\n", ends).encode() for text in (swap.old, swap.new))
        assert known.content.count(old) == 1, swap
        content = content.replace(old, new)
    return content


def test_there_are_twenty():
    assert len(FILES) == 20
    assert len({known.name for known in FILES}) == 20


def test_all_values_at_once(case):
    path, known = case
    edit = edit_file(str(path), {parse_path(swap.path): swap.value for swap in known.swaps})
    assert edit.after == swapped(known, known.swaps)
    assert path.read_bytes() == known.content
    path.chmod(0o640)
    edit.write()
    assert path.read_bytes() == edit.after
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(path.parent.iterdir()) == [path]


def test_each_value_alone(case):
    path, known = case
    for swap in known.swaps:
        edit = edit_file(str(path), {parse_path(swap.path): swap.value})
        assert edit.after == swapped(known, [swap]), swap
        (replaced,) = edit.replaced
        lines = known.content.decode("latin-1").splitlines()
        line = lines[replaced.line - 1]
        assert replaced.old in line or any(escape in line for escape in ("''", "$$"))


def test_the_difference_shows_the_lines_of_the_values_alone(case):
    path, known = case
    edit = edit_file(str(path), {parse_path(swap.path): swap.value for swap in known.swaps})
    lines = edit.difference.splitlines()
    assert lines[0].startswith("--- a/")
    assert lines[1].startswith("+++ b/")
    added = [line for line in lines[2:] if line.startswith("+")]
    assert 0 < len(added) <= len(known.swaps)
    assert len(added) == len([line for line in lines[2:] if line.startswith("-")])


def test_the_same_values_change_nothing(case):
    path, known = case
    edit = edit_file(str(path), {parse_path(swap.path): swap.value for swap in known.swaps})
    edit.write()
    again = edit_file(str(path), {parse_path(swap.path): swap.value for swap in known.swaps})
    assert again.before == again.after


def test_a_path_that_is_not_there_names_the_nearest(case):
    path, known = case
    *above, last = parse_path(known.swaps[0].path)
    wrong = f"{last}x" if isinstance(last, str) else 99
    with pytest.raises(BadInputError, match=r"there is no|has no") as caught:
        edit_file(str(path), {(*above, wrong): 1})
    assert str(path) in str(caught.value)
    assert path.read_bytes() == known.content
