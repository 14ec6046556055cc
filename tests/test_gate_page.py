"""The page on a gate in a pipeline: its commands and the shell steps of both pipelines are run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from perflab.project.project_file import read_project

PAGE = (Path(__file__).parents[1] / "docs" / "performance_gate.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a reader's repository, after the first two commands of the page."""
    made = tmp_path_factory.mktemp("repository")
    line = '192.0.2.1 - - [29/Nov/2026:12:{:02}:{:02} +0000] "GET /p/{} HTTP/1.1" 200 500 "-" "-"\n'
    (made / "access.log").write_text(
        "".join(line.format(n // 60, n % 60, n * n % 211) for n in range(3000))
    )
    init, predict, *_ = commands()
    for command in (init, predict):
        done = shell(command, made)
        assert done.returncode == 0, done.stderr
    return made


def commands():
    lines = "".join(blocks("console")).splitlines()
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


def shell(command, folder, **more):
    """Run a line as a pipeline's shell does, with the perflab of this environment."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-e", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path, **more},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def steps():
    """Return the shell steps of each pipeline, but for what installs perflab."""
    for text in blocks("yaml"):
        found = yaml.safe_load(text)
        if "jobs" in found:
            lines = [step["run"] for step in found["jobs"]["gate"]["steps"] if "run" in step]
        else:
            lines = found["performance"]["script"]
        assert any(line.startswith("pip install 'perflab[cli]'") for line in lines)
        yield [line for line in lines if not line.startswith("pip ")]


def test_the_file_is_as_the_page_shows_it(folder):
    shown = tomllib.loads(blocks("toml")[0])
    assert tomllib.loads((folder / "perflab.toml").read_text()) == shown


def test_all_commands_hold(folder):
    *_, check, live = commands()
    assert shell(check, folder).returncode == 0
    assert (folder / "gate.xml").is_file()
    # Times are not judged here, on a machine that does much else.
    quick = live.replace("--repeats 10 --turn 1s", "--repeats 4 --turn 0.2s")
    assert quick != live
    done = shell(quick.replace("=25%", "=400%"), folder)
    assert done.returncode == 0, done.stderr
    assert "measured in 4 rounds" in done.stdout


def test_both_pipelines_pass_and_fail_as_they_must(folder, tmp_path):
    found = list(steps())
    assert len(found) == 2
    told = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"), "CI": "true"}
    for lines in found:
        for line in lines:
            assert shell(line, folder, **told).returncode == 0, line
        gate = next(line for line in lines if line.startswith("perflab check"))
        worse = shell(gate, folder, **told, PERFLAB_SET_MAX_CACHE_SIZE="20")
        assert worse.returncode == 1
        assert "max_cache_size from PERFLAB_SET_MAX_CACHE_SIZE" in worse.stderr
    assert "The settings are the baseline's" in (tmp_path / "summary.md").read_text()


def test_a_profile_is_as_the_page_shows_it(folder, tmp_path):
    path = tmp_path / "perflab.toml"
    path.write_text(f"{blocks('toml')[0]}\n{blocks('toml')[1]}")
    assert read_project(path, "staging").settings == {"max_cache_size": 100}


def test_the_program_runs(folder):
    (program,) = blocks("python")
    done = shell(f"{sys.executable} - <<'EOF'\n{program}\nEOF", folder)
    assert done.returncode == 0, done.stderr
    assert "All 1 conditions" not in done.stdout
    assert "The condition holds (predicted)" in done.stdout
