from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from perflab.errors import BadInputError
from perflab.patterns.lazy_loading import LazyLoader
from perflab.patterns.streaming._source import Source
from perflab.primitives.regular_file import refuse_special


def test_files_folders_and_what_is_missing_pass(tmp_path):
    (tmp_path / "a").write_text("a")
    (tmp_path / "link").symlink_to("a")
    for path in (tmp_path / "a", tmp_path, tmp_path / "gone", tmp_path / "link", Path("a\0b")):
        refuse_special(path, str(path))


def test_pipes_devices_and_sockets_are_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("p")
    (tmp_path / "link").symlink_to("p")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s")
        kinds = {"p": "a pipe", "link": "a pipe", "/dev/zero": "a device", "s": "a socket"}
        for path, kind in kinds.items():
            with pytest.raises(BadInputError, match=f"is {kind}, and a regular file") as caught:
                refuse_special(Path(path), path)
            assert caught.value.place == path


@pytest.mark.parametrize("name", ["p.csv", "p.jsonl", "p.npy", "p.parquet", "p.sqlite"])
def test_streams_and_stores_refuse_a_pipe_at_once(name, tmp_path):
    os.mkfifo(tmp_path / name)
    with pytest.raises(BadInputError, match="regular file"):
        Source(tmp_path / name)
    with pytest.raises(BadInputError):
        LazyLoader(data_source=str(tmp_path / name))
