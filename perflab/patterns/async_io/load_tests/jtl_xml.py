"""JMeter's JTL as XML: an element for each sample, those of a transaction inside it."""

from __future__ import annotations

from pathlib import Path
from xml.parsers import expat

from perflab.errors import BadInputError
from perflab.patterns.async_io.load_level import MILLISECONDS, MOST_USERS, number
from perflab.patterns.async_io.load_tests.samples import Sample, is_transaction, number_from
from perflab.workloads.importers.reader import Reader

_ROOT = b"<testResults"
_SAMPLES = ("httpSample", "sample")
_BLOCK_BYTES = 1 << 16
_CUT = frozenset((5, 6))  # an unclosed tag, half a character
_ENDED = 3  # the file ends before the last closing tag, as that of a stopped test does


def is_jtl_xml(head: bytes) -> bool:
    """Say whether a file begins as a JTL in XML."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and _ROOT in head


class JtlXml:
    """Reads samples while the file is read: nothing of it is kept but their numbers.

    The attributes are those of JMeter's manual, "Listeners, Sample Attributes": ``ts`` and ``t``
    in milliseconds, ``s`` whether it succeeded, ``na`` the threads that were active. A request
    inside another (a redirect, an image of a page) is a part of that one; those inside a
    transaction are requests of their own, and the transaction is none.

    Args:
        path: The file, for errors.

    Attributes:
        samples: What was read.
        cut_line: The last line, if it ends within a tag.
    """

    def __init__(self, path: Path) -> None:
        self.samples: list[Sample] = []
        self.cut_line: int | None = None
        self._path = path
        # Whether each of the elements that are open is a request.
        self._open: list[bool] = []
        self._within = 0
        self._parser = expat.ParserCreate("UTF-8")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._refuse

    def read(self, content: Reader) -> list[Sample]:
        """Return the samples of a whole file.

        Raises:
            BadInputError: With file and line, if it is not XML, declares entities or a document
                type, or a value is not a number.
        """
        try:
            while block := content.read(_BLOCK_BYTES):
                self._parser.Parse(block, False)
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            if error.code not in (*_CUT, _ENDED) or not self.samples:
                text = f"is not valid XML ({expat.ErrorString(error.code)})"
                raise BadInputError(text, f"{self._path}:{error.lineno}") from None
            self.cut_line = error.lineno if error.code in _CUT else None
        return self.samples

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        is_request = name in _SAMPLES and not is_transaction(attributes.get("rm", ""))
        if is_request and not self._within:
            line = self._parser.CurrentLineNumber
            start, taken = (
                number_from(self._path, line, attributes.get(name, ""), name, MILLISECONDS)
                for name in ("ts", "t")
            )
            users = number(self._path, line, attributes.get("na", "0"), "na", MOST_USERS)
            failed = attributes.get("s", "").strip().lower() != "true"
            self.samples.append(Sample(start, taken, failed, round(users)))
        self._open.append(is_request)
        self._within += is_request

    def _end(self, name: str) -> None:
        del name
        self._within -= self._open.pop()

    def _refuse(self, *declared: object) -> None:
        del declared
        text = "declares a document type, which JMeter's results do not and perflab does not read"
        raise BadInputError(text, f"{self._path}:{self._parser.CurrentLineNumber}")
