from __future__ import annotations

import pytest

from perflab.panels import workbench


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def opened():
    panels = []

    def make(*arguments, **more):
        panels.append(workbench(*arguments, **more))
        panels[-1].wait(60)
        return panels[-1]

    yield make
    for panel in panels:
        panel.close()
