import pytest

from perflab.errors import BadInputError
from perflab.servers.postgres.address import PostgresAddress

VARIABLES = ("PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE")
SECRET = "Zq7Secret"


@pytest.fixture(autouse=True)
def plain(monkeypatch, tmp_path):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    services = tmp_path / "services.conf"
    services.write_text(
        "[staging]\nhost=staging.example\ndbname=shop\n"
        "[production]\nhost=production.example\nport=6432\ndbname=shop\npassword=x\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(services))


def text(conninfo):
    return PostgresAddress.of(conninfo).text


@pytest.mark.parametrize(
    ("conninfo", "address"),
    [
        ("postgresql://me:x@Host:6000/db", "postgresql://host:6000/db"),
        ("postgres://host/db?port=6000", "postgresql://host:6000/db"),
        ("host=host user=me dbname=db password='a b'", "postgresql://host:5432/db"),
        ("host=host user=me password=x", "postgresql://host:5432/me"),
        ("postgresql:///db?host=/run/a&password=x", "postgresql:///db?host=/run/a&port=5432"),
        ("postgresql://%2Frun%2Fa/db", "postgresql:///db?host=/run/a&port=5432"),
        ("postgresql://a:1,b/db", "postgresql://a:1,b:5432/db"),
        ("host=a,b port=1 dbname=db", "postgresql://a:1,b:1/db"),
        (
            "host=a hostaddr=10.0.0.9 dbname=db",
            "postgresql:///db?host=a&hostaddr=10.0.0.9&port=5432",
        ),
        ("postgresql://[::1]:6/db", "postgresql:///db?host=::1&port=6"),
        ("postgresql://a/db?host=b&dbname=c", "postgresql://b:5432/c"),
        ("service=staging", "postgresql://staging.example:5432/shop"),
        ("service=production", "postgresql://production.example:6432/shop"),
        ("service=production host=other", "postgresql://other:6432/shop"),
    ],
)
def test_address_is_what_libpq_resolves(conninfo, address):
    assert text(conninfo) == address


def test_environment_decides_what_the_text_leaves_open(monkeypatch):
    monkeypatch.setenv("PGHOST", "envhost")
    monkeypatch.setenv("PGPORT", "77")
    monkeypatch.setenv("PGDATABASE", "envdb")
    assert text("user=me") == "postgresql://envhost:77/envdb"
    assert text("postgresql:///db") == "postgresql://envhost:77/db"
    monkeypatch.setenv("PGSERVICE", "staging")
    assert text("user=me") == "postgresql://staging.example:77/shop"
    monkeypatch.setenv("PGHOSTADDR", "10.0.0.9")
    assert "hostaddr=10.0.0.9" in text("host=a")


def test_pinned_text_leads_there_after_the_environment_changed(monkeypatch):
    monkeypatch.setenv("PGHOST", "first")
    address = PostgresAddress.of("user=me password=x dbname=db")
    pinned = address.pin("user=me password=x dbname=db")
    monkeypatch.setenv("PGHOST", "second")
    assert PostgresAddress.of(pinned) == address


@pytest.mark.parametrize(
    "conninfo",
    [
        f"postgresql://user:%zz{SECRET}@host/db",
        f"postgresql://user:a {SECRET}@host/db",
        f"postgresql://user:{SECRET}@[::1/db",
        f"postgresql://user:{SECRET}@127.0.0.1:x/db",
        f"postgresql://user:{SECRET}/x@host",
        f"postgresql://user:12/{SECRET}@host",
        f"user:{SECRET}@host",
        f"host=a PASSWORD = {SECRET}",
        f"password='{SECRET}",
        f"host=a port={SECRET}",
        f"{SECRET}\x00",
    ],
)
def test_malformed_address_is_one_error_without_its_secret(conninfo):
    with pytest.raises(BadInputError, match="valid address") as error:
        PostgresAddress.of(conninfo)
    assert SECRET not in str(error.value)


def test_service_that_cannot_be_read_is_one_error(monkeypatch):
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(BadInputError, match="service"):
        PostgresAddress.of("service=staging")


@pytest.mark.parametrize(
    "conninfo",
    [
        f"user=u;password={SECRET};host=h",
        f"dbname='x password={SECRET}'",
        f"postgresql://host/db%20password%3D{SECRET}",
        f"postgresql://host/db?hostaddr={SECRET}",
        f"host=h hostaddr=10.0.0.1,{SECRET}",
    ],
)
def test_a_password_that_libpq_takes_for_a_name_is_refused(conninfo):
    with pytest.raises(BadInputError) as caught:
        PostgresAddress.of(conninfo)
    assert SECRET not in str(caught.value)
