"""The page on a whole service: its file is read, and its commands and program are run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from perflab import Service
from perflab.cli import main
from perflab.patterns.async_io import AsyncIOSettings

PAGE = (Path(__file__).parents[1] / "docs" / "service.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (file,) = blocks("toml")
    (tmp_path / "perflab.toml").write_text(file)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


def test_the_commands_hold(folder, capsys):
    lines = [line.removeprefix("$ ") for line in "".join(blocks("console")).splitlines()]
    assert {line.split()[1] for line in lines} == {"predict", "report", "run", "tune"}
    for line in lines:
        name, *arguments = shlex.split(line)
        assert name == "perflab"
        assert main(arguments) == 0, (line, capsys.readouterr().err)
    assert (folder / "service.json").stat().st_size > 1000
    assert (folder / "budget.json").stat().st_size > 1000
    assert "the shared cache was killed" in (folder / "service.html").read_text(encoding="utf-8")


def test_the_program_prints_what_it_says(folder):
    (program,) = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "latency_share" in done.stdout


def test_the_profile_overrules_one_setting(folder):
    usual, friday = Service.from_toml(folder), Service.from_toml(folder, "friday")
    assert (usual.settings.request_rate, friday.settings.request_rate) == (400, 800)
    assert usual.stages == friday.stages
    assert friday.workload.spec == "zipf:skew=0.9,keys=5k,requests=20k,seed=1"


def test_the_page_names_the_settings_that_there_are():
    service = Service.from_mapping({"cache": {}})
    named = set(re.findall(r"`((?:max|request|deploy|pgbouncer|query|database)_\w+)`", PAGE))
    assert named == {
        *("max_replicas", "max_concurrent", "max_connections", "request_rate"),
        *("deploy_surge", "pgbouncer_connections", "query_seconds", "database_contention"),
    }
    named.remove("max_concurrent")  # of a stage
    assert named <= set(service.settings.infos())
    assert "max_concurrent" in AsyncIOSettings.infos()
