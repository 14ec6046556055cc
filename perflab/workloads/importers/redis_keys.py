"""`Keyspace`: the keys of a server that a log speaks of, by database, hash and field."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.units import grouped
from perflab.workloads.recording.operations import DROP, FLUSH
from perflab.workloads.recording.redis_commands import RedisRow

MOST_FIELDS = 1 << 23
"""Rows that commands of whole hashes may be, where each field is a key."""


class Keyspace:
    """Names keys as a trace has them, and remembers which there may be.

    Args:
        place: The log, for errors.
        by_field: The hashes, as `key` names them, of which each field is a key.

    Attributes:
        dropped: How many commands took a part of a value out, by name: the key stays.
    """

    def __init__(self, place: str, by_field: frozenset[bytes]) -> None:
        self.dropped: Counter[str] = Counter()
        self._place = place
        self._by_field = by_field
        self._of_fields = 0
        # As sets that keep their order; of a field also how its key is called.
        self._there: defaultdict[bytes, dict[bytes, None]] = defaultdict(dict)
        self._fields: defaultdict[bytes, dict[bytes, bytes]] = defaultdict(dict)

    @staticmethod
    def key(key: bytes, database: bytes) -> bytes:
        """Return a key as a trace has it."""
        return key if database == b"0" else database + b"/" + key

    def of_read(self, key: bytes, database: bytes) -> bytes:
        """Return the key of a read of a text, which no hash is."""
        named = key if database == b"0" else self.key(key, database)
        self._there[database][named] = None
        return named

    def keys_of(self, name: str, row: RedisRow, database: bytes) -> Iterator[tuple[bytes, int]]:
        """Yield the keys that a row of a command is about, and the code of each.

        Args:
            name: The command.
            row: One thing that it does.
            database: The client's.

        Raises:
            BadInputError: If commands of whole hashes are more than `MOST_FIELDS` rows.
        """
        if row.code == FLUSH:
            yield from self._flushed(list(self._there) if row.database else [database])
            return
        if isinstance(row.database, bytes):
            database = row.database
        assert isinstance(row.key, bytes)  # noqa: S101 - a log is bytes
        key = self.key(row.key, database)
        if key in self._by_field:
            yield from self._of_hash(key, row, database)
            return
        if row.again:
            return
        if row.code == DROP:
            self.dropped[name] += 1
            return
        self._note(key, row.code, database)
        yield key, row.code

    def _of_hash(self, key: bytes, row: RedisRow, database: bytes) -> Iterator[tuple[bytes, int]]:
        fields = self._fields[key]
        if isinstance(row.field, bytes):
            named = [row.field]
            code = Operation.DELETE if row.code == DROP else row.code
        else:
            named, code = list(fields), row.code
            self._of_fields += len(named)
            if self._of_fields > MOST_FIELDS:
                text = (
                    f"reads and changes whole hashes whose fields have lifetimes or are removed, "
                    f"which is more than {grouped(MOST_FIELDS)} requests for fields; cut a part "
                    "out of it"
                )
                raise BadInputError(text, self._place)
        if not named:  # read before anything is known of it
            self._note(key, code, database)
            yield key, code
        for field in named:
            whole = fields.get(field) or key + b"/" + field
            if code == Operation.DELETE:
                fields.pop(field, None)
            else:
                fields[field] = whole
            self._note(whole, code, database)
            yield whole, code

    def _note(self, key: bytes, code: int, database: bytes) -> None:
        if code == Operation.DELETE:
            self._there[database].pop(key, None)
        else:
            self._there[database][key] = None

    def _flushed(self, databases: list[bytes]) -> Iterator[tuple[bytes, int]]:
        for database in databases:
            for key in self._there.pop(database, {}):
                yield key, Operation.DELETE
