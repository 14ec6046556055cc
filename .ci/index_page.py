"""The README as a package index shows it, and the project's addresses.

An index has no other file of this repository: a relative link leads nowhere there, and a picture is
not shown. Both get the address of the repository, which `pyproject.toml` names once; where it names
none, a picture gives way to its caption and a link to its text.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

PAGES = {
    "Changelog": "blob/HEAD/CHANGELOG.md",
    "Documentation": "tree/HEAD/docs",
    "Issues": "issues",
    "Source": "",
}

_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?://|#|mailto:)([^)\s]+)\)")


class IndexPage(MetadataHookInterface):
    """Gives the metadata their README and their addresses."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add both to the metadata."""
        repository = str(self.config.get("repository", "")).rstrip("/")
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        readme = page(text, repository)
        metadata["readme"] = {"content-type": "text/markdown", "text": readme}
        metadata["urls"] = addresses(repository)


def addresses(repository: str) -> dict[str, str]:
    """Return the project's addresses below that of its repository; none where it has none."""
    if not repository:
        return {}
    return {name: f"{repository}/{place}".rstrip("/") for name, place in PAGES.items()}


def page(text: str, repository: str) -> str:
    """Return a README whose relative links and pictures work without the files beside it."""

    def absolute(match: re.Match[str]) -> str:
        picture, words, path = match.groups()
        if not repository:
            return f"*{words}*" if picture else words
        kind = "raw" if picture else "blob"
        return f"{picture}[{words}]({repository}/{kind}/HEAD/{path})"

    return _LINK.sub(absolute, text)
