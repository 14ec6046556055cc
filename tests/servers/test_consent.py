import pytest

from perflab.servers.consent import ConsentNeededError, allow, is_allowed, require


def test_a_server_needs_consent_once(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(ConsentNeededError, match="agree once") as error:
        require("redis://host:6379")
    assert error.value.address == "redis://host:6379"
    allow("redis://host:6379")
    require("redis://host:6379")
    assert not is_allowed("redis://other:6379")


def test_a_damaged_list_of_servers_means_none(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    (tmp_path / "allowed-servers.json").write_text("{broken")
    assert not is_allowed("redis://host:6379")
    allow("redis://host:6379")
    assert is_allowed("redis://host:6379")
