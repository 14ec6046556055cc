from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from perflab.servers.python_process import (
    child_path,
    names_code,
    python_command,
    python_environment,
)

NAMES = (
    *("csv", "json", "random", "typing", "secrets", "pickle", "select", "runpy", "platform"),
    *("numpy", "pandas", "redis", "pydantic", "cloudpickle", "aiohttp", "sitecustomize"),
)
PACKAGES = ("perflab", "multiprocessing", "pyarrow")
CLI = "from perflab.cli import main; main()"
SMALL = ("-w", "zipf:keys=10,requests=100")
NOTEBOOK = """
import os, sys
import aiohttp, perflab, perflab.lab.verbs
from perflab.servers.http.server import HttpServer
trace = perflab.Trace.from_keys([1, 2, 1])
perflab.run("cache", trace, {}, 1, progress=False)
sys.path.insert(0, "")
os.chdir(sys.argv[1])
assert perflab.run("cache", trace, {}, 1, progress=False).metrics["requests"] == 3
HttpServer.start().close()
"""


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A working folder in which many files bear a library's name."""
    folder = tmp_path / "work"
    folder.mkdir()
    bad = f"open({str(tmp_path / 'was-run')!r}, 'a').write(__name__)\nraise ImportError(__name__)\n"
    for name in NAMES:
        (folder / f"{name}.py").write_text(bad)
    for name in PACKAGES:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(bad)
    return folder


def run(folder: Path, code: str, *words: str, **environment: str) -> str:
    """Run a command line in a folder, safe itself, and return what it said."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert not (folder.parent / "was-run").exists()
    return done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("run", "cache", *SMALL, "--seconds", "1"),
        ("tune", "cache", *SMALL, "--live", "--budget", "2", "--turn", "0.2"),
        ("calibrate", "async_io"),
    ],
)
def test_no_module_of_the_working_folder_is_run(hostile, words):
    run(hostile, CLI, *words)


def test_an_empty_entry_of_pythonpath_is_not_the_working_folder(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", "/libraries", ""]))
    assert python_environment()["PYTHONPATH"] == "/libraries"
    monkeypatch.setenv("PYTHONPATH", os.pathsep)
    assert "PYTHONPATH" not in python_environment()


def test_a_notebook_whose_folder_is_on_the_path_runs_none_of_it(hostile):
    run(Path("/"), NOTEBOOK, str(hostile))
    assert not (hostile.parent / "was-run").exists()


def test_a_backend_of_the_working_folder_and_its_siblings_are_found(hostile):
    (hostile / "mine.py").write_text("import near\ndef load(key):\n    return near.twice(key)\n")
    (hostile / "near.py").write_text("import csv\ndef twice(key):\n    return csv.QUOTE_ALL, key\n")
    run(hostile, CLI, "run", "cache", *SMALL, "--seconds", "1", "--set", "backend=mine:load")


def test_a_function_of_a_module_beside_the_script_is_the_backend(hostile):
    (hostile / "helping.py").write_text("def load(key):\n    return key\n")
    (hostile / "script.py").write_text(
        "import sys\n"
        "here = sys.path.pop(0)\n"
        "import perflab, perflab.lab.verbs\n"
        "sys.path.append(here)\n"
        "from helping import load\n"
        "if __name__ == '__main__':\n"
        "    trace = perflab.Trace.from_keys([1, 2, 1])\n"
        "    run = perflab.run('cache', trace, {'backend': load}, 5, progress=False)\n"
        "    assert run.metrics['errors'] == 0\n"
    )
    script = str(hostile / "script.py")
    done = subprocess.run(
        [sys.executable, script], cwd="/", capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr
    assert not (hostile.parent / "was-run").exists()


def test_a_folder_that_the_parent_added_is_searched_by_the_child(tmp_path):
    (tmp_path / "added.py").write_text("def main():\n    print('found', __file__)\n")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import subprocess\n"
        "from perflab.servers.python_process import python_command\n"
        "sys.exit(subprocess.call(python_command('added')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd="/", capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("found"), done.stderr


def test_what_the_interpreter_finds_by_itself_keeps_its_place():
    natural = ["/set/by/pythonpath", "/lib", "/site", "/work"]
    parents = ["/work", "/added", "/set/by/pythonpath", "/lib", "/site", "/work", "/late"]
    found = child_path(natural, parents, ["/work"])
    assert found == ["/added", "/set/by/pythonpath", "/lib", "/site", "/work", "/late"]


def test_a_working_folder_that_pythonpath_names_keeps_its_place():
    assert child_path(["/work", "/lib"], ["/work", "/lib"], ["/work"]) == ["/work", "/lib"]


def test_the_working_folder_is_left_out_by_any_of_its_names(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    parents = [str(tmp_path / "link"), str(tmp_path), "/lib"]
    assert child_path(["/lib"], parents, [str(tmp_path)]) == ["/lib"]


def test_settings_that_name_code_are_told_from_others():
    assert names_code("mine:load")
    assert names_code("a.b:load")
    assert names_code(len)
    for other in ("sqlite", 3, None, "/data/x.sqlite:rows", "redis://host", "C:\\x"):
        assert not names_code(other)


def test_a_command_names_this_very_package():
    code = python_command("perflab.lab.child_process", "7")
    assert str(Path(__file__).parents[2]) in code[code.index("-c") + 1]
    assert code[-1] == "7"
