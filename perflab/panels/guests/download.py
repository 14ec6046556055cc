"""`Download`: a link in the page that saves bytes of the kernel."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

from perflab.units import in_words

_HERE = Path(__file__).parent


class Download(anywidget.AnyWidget):
    """Lets the browser save something; nothing is written on the kernel's machine.

    Attributes:
        name: What the file is called.
        words: What the link says.
        content: What is in it; empty where there is nothing to save, and no link.
    """

    _esm = traitlets.Unicode((_HERE / "download.js").read_text(encoding="utf-8")).tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    words = traitlets.Unicode().tag(sync=True)
    content = traitlets.Bytes().tag(sync=True)

    def offer(self, name: str, text: str) -> None:
        """Show a link that saves a text in UTF-8."""
        content = text.encode()
        with self.hold_sync():
            self.words = f"Download {name} ({in_words(len(content), 'bytes')})"
            self.name, self.content = name, content

    def take_back(self) -> None:
        """Show no link."""
        self.content = b""
