"""Which outputs are refused before the work for them is done."""

import os
import stat

import pytest

from perflab.errors import BadInputError
from perflab.files import check_output, whole_path, write_text

RESULT = '{\n "kind": "run",\n "format": 1,\n "pattern": "cache"\n}\n'


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("years of work")
    return path


def named_by_path(path):
    return path


def named_by_link(path):
    link = path.with_name("link")
    link.symlink_to(path)
    return link


def named_by_chain(path):
    (path.with_name("folder")).symlink_to(path.parent)
    first = path.parent / "folder" / "one"
    first.symlink_to(path.name)
    return path.parent / "folder" / "one"


def named_by_hard_link(path):
    twin = path.with_name("twin")
    twin.hardlink_to(path)
    return twin


def named_by_detour(path):
    return path.parent / ".." / path.parent.name / "." / path.name


WAYS = (named_by_path, named_by_link, named_by_chain, named_by_hard_link, named_by_detour)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("force", [False, True])
def test_an_output_is_never_an_input_by_whatever_name(way, force, mine):
    with pytest.raises(BadInputError, match="is the input itself"):
        check_output(way(mine), [mine], force=force)
    assert mine.read_text() == "years of work"


@pytest.mark.parametrize("way", WAYS)
def test_an_input_is_known_by_whatever_name_it_has(way, mine):
    with pytest.raises(BadInputError, match="is the input itself"):
        check_output(mine, [way(mine)], force=True)


def test_standard_input_from_a_file_is_that_file(mine):
    before = os.dup(0)
    with mine.open("rb") as file:
        os.dup2(file.fileno(), 0)
    try:
        with pytest.raises(BadInputError, match="is the input itself"):
            check_output(mine, ["/dev/stdin"], force=True)
    finally:
        os.dup2(before, 0)
        os.close(before)


def test_a_file_inside_an_input_that_is_a_folder_stays(tmp_path):
    (tmp_path / "parts").mkdir()
    part = tmp_path / "parts" / "1.parquet"
    part.write_text("rows")
    with pytest.raises(BadInputError, match="is part of an input"):
        check_output(part, [tmp_path / "parts"], force=True)


def test_a_file_of_somebody_else_needs_force(mine):
    with pytest.raises(BadInputError, match=r"mine\.txt: .*--force"):
        check_output(mine)
    check_output(mine, force=True)
    assert mine.read_text() == "years of work"


@pytest.mark.parametrize(
    "text",
    [
        RESULT,
        RESULT.replace("\n", ""),
        '<!DOCTYPE html>\n<html>\n<head><meta name="generator" content="perflab 0.1.0">',
        "# Caching\n\n<!-- Made with perflab 0.1.0 -->\n",
        "",
    ],
)
def test_what_bears_our_mark_or_is_empty_needs_none(text, tmp_path):
    path = tmp_path / "known"
    path.write_text(text)
    check_output(path)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"kind": "Deployment", "format": 1, "a": 2}',
        '{"format": 1, "kind": "run"}',
        '[{"kind": "run", "format": 1, "a": 2}]',
        "<!DOCTYPE html><html>made with perflab",
        "# Notes on perflab\n<!-- Made with perflab 0.1.0 -->\nand more of mine\n",
        "\x00\xff",
    ],
)
def test_what_only_looks_like_ours_is_the_users(text, tmp_path):
    path = tmp_path / "theirs"
    path.write_text(text)
    with pytest.raises(BadInputError, match="was not written by perflab"):
        check_output(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_write_protected_file_stays(tmp_path):
    path = tmp_path / "kept.json"
    path.write_text(RESULT)
    path.chmod(0o444)
    with pytest.raises(BadInputError, match="write-protected"):
        check_output(path)


@pytest.mark.parametrize(
    "name", ["a\0b", "x" * 300, "no/" + "y" * 5000, "\ud800", "file/below", "loop", ""]
)
def test_a_name_that_no_file_can_have_is_one_error(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("x")
    (tmp_path / "loop").symlink_to("loop")
    for write in (check_output, lambda path: write_text(path, "text")):
        with pytest.raises(BadInputError):
            write(name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "loop"]


def test_a_folder_is_refused_where_a_file_is_meant(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    for path in (tmp_path, tmp_path / "link"):
        with pytest.raises(BadInputError, match="is a folder"):
            check_output(path, force=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_a_disk_is_refused(tmp_path):
    disk = tmp_path / "disk"
    try:
        os.mknod(disk, 0o600 | stat.S_IFBLK, os.makedev(7, 250))
    except PermissionError:
        pytest.skip("making a device is not allowed here")
    with pytest.raises(BadInputError, match="is a disk"), whole_path(disk) as scratch:
        scratch.write_text("x")
