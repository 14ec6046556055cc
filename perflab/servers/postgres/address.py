"""`PostgresAddress`: which servers and database libpq would use for a connection text."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from ipaddress import ip_address
from urllib.parse import urlencode

from perflab.errors import BadInputError
from perflab.errors.addresses import without_secrets

_FORM = (
    "write postgresql://user:PASSWORD@host:5432/database, special characters percent-encoded, or "
    "words such as host=... dbname=..."
)
_PLACE_WORDS = ("host", "hostaddr", "port", "dbname")
_WORDS = (*_PLACE_WORDS, "user", "service", "servicefile")
_PORT = "5432"
_MOST_PORT = 65_535
_PATIENCE = 30.0
_DEFAULTS = """
import json
from psycopg.pq import Conninfo
print(json.dumps({o.keyword.decode(): o.val.decode() for o in Conninfo.get_defaults() if o.val}))
"""


@dataclasses.dataclass(frozen=True, slots=True)
class PostgresAddress:
    """Hosts, ports and database after the text, its service, and the environment were read.

    A host stays the name that it is: one that DNS leads to another machine later is still the
    same server.

    Attributes:
        host: Names or folders of sockets, separated by commas; empty for libpq's own default.
        hostaddr: Numbers that are connected to in place of the names, if any.
        port: One for all hosts, or one for each.
        dbname: The database.
    """

    host: str
    hostaddr: str
    port: str
    dbname: str

    @classmethod
    def of(cls, conninfo: str, source: str = "PERFLAB_POSTGRES_URL") -> PostgresAddress:
        """Resolve a URL or a text of words as libpq does, without connecting.

        Args:
            conninfo: What ``psycopg.connect`` takes.
            source: Where it was given, for an error.

        Raises:
            BadInputError: If it is not an address of PostgreSQL.
        """
        import psycopg
        from psycopg.conninfo import conninfo_to_dict

        wrong = BadInputError(f"is not a valid address of a PostgreSQL server; {_FORM}", source)
        try:
            given = {k: str(v) for k, v in conninfo_to_dict(conninfo).items() if v is not None}
        except (psycopg.Error, ValueError, UnicodeError):
            raise wrong from None
        values = {**_defaults(given), **{k: v for k, v in given.items() if v}}
        found = cls(
            values.get("host", ""),
            values.get("hostaddr", ""),
            values.get("port", "") or _PORT,
            values.get("dbname") or values.get("user", ""),
        )
        if not found._is_plain(from_url="://" in conninfo):
            raise wrong
        return found

    @property
    def text(self) -> str:
        """The address in one form for all: ``postgresql://host:5432/database``."""
        hosts = self.host.lower().split(",") if self.host else []
        ports = self.port.split(",")
        simple = not self.hostaddr and hosts and len(ports) in (1, len(hosts))
        if simple and not any(host.startswith(("/", "@")) or ":" in host for host in hosts):
            ports = ports * len(hosts) if len(ports) == 1 else ports
            pairs = zip(hosts, ports, strict=True)
            places = ",".join(f"{host or 'localhost'}:{port or _PORT}" for host, port in pairs)
            return f"postgresql://{places}/{self.dbname}"
        words = {"host": self.host, "hostaddr": self.hostaddr, "port": self.port}
        query = urlencode({k: v for k, v in words.items() if v}, safe="/,:@")
        return f"postgresql:///{self.dbname}?{query}"

    def pin(self, conninfo: str) -> str:
        """Return a connection text that leads here even after a service or variable has changed."""
        from psycopg.conninfo import make_conninfo

        words = {key: getattr(self, key) for key in _PLACE_WORDS if getattr(self, key)}
        return make_conninfo(conninfo, **words)

    def _is_plain(self, *, from_url: bool) -> bool:
        """Say whether nothing of it looks like a part of a password that was not escaped."""
        texts = (self.host, self.hostaddr, self.port, self.dbname)
        if not all(text.isprintable() and without_secrets(text) == text for text in texts):
            return False
        if not all(map(_is_number, filter(None, self.hostaddr.split(",")))):
            return False
        ports = [port for port in self.port.split(",") if port]
        if not all(port.isdecimal() and 0 < int(port) <= _MOST_PORT for port in ports):
            return False
        if not from_url:
            return True
        names = [name for name in self.host.split(",") if not name.startswith(("/", "@"))]
        return "@" not in self.dbname and not any(set(name) & set("@/ ") for name in names)


def _is_number(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _defaults(given: dict[str, str]) -> dict[str, str]:
    """Return what libpq takes from a service and the environment where the text does not say.

    libpq reads the service from the environment only, so another process is asked where the text
    names one: this one's environment belongs to all of its threads.
    """
    from psycopg.pq import Conninfo

    names = {"service": "PGSERVICE", "servicefile": "PGSERVICEFILE"}
    asked = {names[key]: given[key] for key in names if given.get(key)}
    if not asked:
        return {
            option.keyword.decode(): option.val.decode(errors="replace")
            for option in Conninfo.get_defaults()
            if option.val and option.keyword.decode() in _WORDS
        }
    try:
        done = subprocess.run(  # noqa: S603  (our own program text)
            [sys.executable, "-P", "-c", _DEFAULTS],
            env={**os.environ, **asked},
            capture_output=True,
            timeout=_PATIENCE,
            check=True,
        )
        found = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        raise BadInputError(
            "names a service that cannot be read; write the address itself",
            "PERFLAB_POSTGRES_URL",
        ) from None
    return {key: value for key, value in found.items() if key in _WORDS}
