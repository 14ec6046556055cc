import pytest

from perflab.cli import lab
from perflab.errors import BadInputError


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """A package as it is installed from a wheel, in a working folder that is empty."""
    notebooks = tmp_path / "site" / "perflab" / "_shipped" / "notebooks"
    (notebooks / "images").mkdir(parents=True)
    (notebooks / "01_cache.ipynb").write_text("shipped")
    (notebooks / "images" / "panel.svg").write_text("<svg/>")
    (notebooks / ".hidden").write_text("")
    monkeypatch.setattr(lab, "_PACKAGE", tmp_path / "site" / "perflab")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def test_wheel_puts_its_notebooks_into_the_working_folder(wheel, capsys):
    opened = lab.prepare_notebooks(None)
    assert opened == (wheel / "perflab-notebooks").resolve()
    files = sorted(str(path.relative_to(opened)) for path in opened.rglob("*") if path.is_file())
    assert files == ["01_cache.ipynb", "images/panel.svg"]
    assert "put 2 files into perflab-notebooks" in capsys.readouterr().err


def test_notebook_that_is_there_is_not_overwritten(wheel):
    (wheel / "mine").mkdir()
    (wheel / "mine" / "01_cache.ipynb").write_text("my own work")
    opened = lab.prepare_notebooks(wheel / "mine")
    assert (opened / "01_cache.ipynb").read_text() == "my own work"
    assert (opened / "images" / "panel.svg").exists()


def test_a_link_that_leads_nowhere_is_not_overwritten(wheel):
    link = wheel / "mine" / "01_cache.ipynb"
    link.parent.mkdir()
    link.symlink_to("elsewhere")
    opened = lab.prepare_notebooks(link.parent)
    assert link.is_symlink()
    assert sorted(path.name for path in opened.iterdir()) == ["01_cache.ipynb", "images"]


def test_source_checkout_opens_its_own_notebooks(tmp_path, monkeypatch):
    monkeypatch.setattr(lab, "_PACKAGE", tmp_path / "perflab")
    (tmp_path / "notebooks").mkdir()
    assert lab.prepare_notebooks(None) == tmp_path / "notebooks"


def test_folder_that_cannot_be_written_is_refused(wheel):
    (wheel / "file").write_text("")
    with pytest.raises(BadInputError, match="cannot be written"):
        lab.prepare_notebooks(wheel / "file" / "below")


def test_missing_notebooks_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(lab, "_PACKAGE", tmp_path / "perflab")
    with pytest.raises(BadInputError, match="install perflab again"):
        lab.prepare_notebooks(None)


@pytest.mark.filterwarnings("ignore:--tornado_settings:DeprecationWarning")
def test_server_is_on_loopback_and_takes_a_large_upload(tmp_path):
    from jupyter_server.serverapp import ServerApp
    from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

    command = lab.lab_command(tmp_path, 8899, browser=False)
    app = ServerApp()
    app.parse_command_line([word for word in command[4:] if word.startswith("--ServerApp")])
    assert app.ip == "127.0.0.1"
    assert app.port == 8899
    assert app.tornado_settings["websocket_max_message_size"] > lab.UPLOAD_BYTES
    assert app.max_buffer_size > lab.UPLOAD_BYTES
    for word in command:
        if word.startswith("--ZMQChannelsWebsocketConnection."):
            name = word.partition(".")[2].partition("=")[0]
            assert name in ZMQChannelsWebsocketConnection.class_trait_names()
    assert "--no-browser" in command
    assert not any("token" in word for word in command)


def test_the_start_page_is_opened_where_the_folder_has_it(wheel):
    folder = wheel / "mine"
    folder.mkdir()
    assert lab.what_to_open(folder) == (folder.resolve(), "")
    (folder / lab.START).write_text("{}")
    assert lab.what_to_open(folder) == (folder.resolve(), lab.START)
    (command,) = {
        word
        for word in lab.lab_command(folder, None, browser=True, notebook=lab.START)
        if "default_url" in word
    }
    assert command == "--LabApp.default_url=/lab/tree/00_start_here.ipynb"


def test_a_notebook_that_is_named_wins_and_its_folder_is_left_alone(wheel):
    own = wheel / "my own work"
    own.mkdir()
    (own / "a b#?.ipynb").write_text("{}")
    (own / lab.START).write_text("{}")
    folder, name = lab.what_to_open(own / "a b#?.ipynb")
    assert (folder, name) == (own.resolve(), "a b#?.ipynb")
    assert sorted(path.name for path in own.iterdir()) == [lab.START, "a b#?.ipynb"]
    command = lab.lab_command(folder, None, browser=True, notebook=name)
    assert "--LabApp.default_url=/lab/tree/a%20b%23%3F.ipynb" in command


def test_a_notebook_that_is_missing_is_one_line(wheel):
    with pytest.raises(BadInputError, match="no such notebook"):
        lab.what_to_open(wheel / "04_connection_pol.ipynb")
    assert list(wheel.iterdir()) == []


def test_the_folder_whose_name_ends_like_a_notebook_is_a_folder(wheel):
    (wheel / "odd.ipynb").mkdir()
    assert lab.what_to_open(wheel / "odd.ipynb")[0] == (wheel / "odd.ipynb").resolve()


def test_jupyterlab_has_our_defaults_and_a_users_own_come_first(tmp_path, monkeypatch):
    from jupyterlab_server.settings_utils import _get_overrides

    theirs = tmp_path / "theirs"
    (theirs / "labconfig").mkdir(parents=True)
    (theirs / "labconfig" / "default_setting_overrides.json").write_text(
        '{"@jupyterlab/apputils-extension:notification": {"fetchNews": "true"}}'
    )
    monkeypatch.delenv("JUPYTER_CONFIG_PATH", raising=False)
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "nothing"))
    ours = lab.lab_environment()["JUPYTER_CONFIG_PATH"]
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", ours)
    defaults, error = _get_overrides(str(tmp_path))
    assert error == ""
    assert defaults["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    assert not defaults["@jupyterlab/filebrowser-extension:browser"]["showLastModifiedColumn"]
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(theirs))
    both = lab.lab_environment()["JUPYTER_CONFIG_PATH"]
    assert both == f"{theirs}{lab.os.pathsep}{ours}"
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", both)
    defaults, _ = _get_overrides(str(tmp_path))
    assert defaults["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "true"
    assert not defaults["@jupyterlab/filebrowser-extension:browser"]["showLastModifiedColumn"]
