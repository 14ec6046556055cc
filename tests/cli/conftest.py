"""The command in this process: its exit status, standard output and standard error."""

import dataclasses
import json

import pytest

from perflab.cli import main


@dataclasses.dataclass
class Answer:
    status: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture(scope="session")
def calibrated(tmp_path_factory):
    """A cache folder that keeps a calibration once one is made."""
    return tmp_path_factory.mktemp("perflab-cache")


@pytest.fixture
def perflab(capsys, monkeypatch, calibrated):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(calibrated))

    def command(*arguments):
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Answer(status, captured.out, captured.err)

    return command


@pytest.fixture
def refused(perflab):
    """Runs a command that must refuse: status 2, nothing but one line on standard error."""

    def command(*arguments):
        answer = perflab(*arguments)
        assert answer.status == 2
        assert answer.out == ""
        assert answer.err.count("\n") == 1
        assert answer.err.startswith("perflab: error: ")
        return answer.err

    return command
