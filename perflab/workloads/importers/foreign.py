"""Files of kinds that are not read, known by their first bytes: archives, databases, workbooks."""

from __future__ import annotations

from typing import NoReturn

from perflab.errors import BadInputError

_UNPACK = "unpack it and name the file inside"
_AS_CSV = "save it as CSV or Parquet"
_TAR_AT = 257
_ZIP = b"PK\x03\x04"
_WORKBOOKS = (".xlsx", ".xlsm", ".ods")
# Brotli has no first bytes of its own.
_BROTLI = ".br"
_KINDS = (
    (_ZIP, "a zip archive", _UNPACK),
    (b"\x04\x22\x4d\x18", "an lz4 archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!\x1a\x07", "a rar archive", _UNPACK),
    (b"\x1f\x9d", "an archive of compress (.Z)", _UNPACK),
    (b"\xff\x06\x00\x00sNaPpY", "a snappy archive", _UNPACK),
    (b"LZIP", "an lzip archive", _UNPACK),
    (b"\x5d\x00\x00", "an archive of the old lzma", _UNPACK),
    (b"\x1f\x8b\x08", "a gzip archive within another archive", _UNPACK),
    (b"\x89LZO\x00", "an lzop archive", _UNPACK),
    (b"SQLite format 3\x00", "an SQLite database", "export the table of requests as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Office document", _AS_CSV),
    (b"ARROW1", "an Arrow (Feather) file", _AS_CSV),
    (b"Obj\x01", "an Avro file", _AS_CSV),
    (b"ORC", "an ORC file", _AS_CSV),
    (b"\x93NUMPY", "a NumPy file", "read it in Python and pass it to Trace.from_keys"),
    (b"%PDF-", "a PDF", "make a CSV of it with a heading, such as key,time,size"),
    (b"\xd4\xc3\xb2\xa1", "a capture of packets", "make a CSV of it with tshark -T fields"),
    (b"REDIS0", "a dump of Redis", "a dump has no requests: record redis-cli monitor"),
)


def check_is_read(head: bytes, suffix: str, place: str) -> None:
    """Refuse a file of a known kind that is not read.

    Without this its bytes would be taken for binary numbers, or for text where they are no NUL.

    Args:
        head: The first bytes of the content, unpacked.
        suffix: The ending of its name in lower case, without that of the compression.
        place: The file, for the error.

    Raises:
        BadInputError: With what it is, and what to do.
    """
    binary = b"\0" in head or not head.isascii()
    for magic, kind, advice in _KINDS:
        # What can be printed may be the beginning of a key.
        if head.startswith(magic) and (binary or not magic.decode("latin-1").isprintable()):
            if magic == _ZIP and suffix in _WORKBOOKS:
                _refuse("a workbook", _AS_CSV, place)
            _refuse(kind, advice, place)
    if head[_TAR_AT : _TAR_AT + 5] == b"ustar":
        _refuse("a tar archive", _UNPACK, place)
    if suffix == _BROTLI and binary:
        _refuse("a brotli archive", _UNPACK, place)


def _refuse(kind: str, advice: str, place: str) -> NoReturn:
    raise BadInputError(f"is {kind}, which is not read; {advice}", place)
