"""How Sphinx builds these pages: ``make docs``."""

from __future__ import annotations

import sys
from pathlib import Path

import perflab

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "perflab"
author = "the perflab authors"
project_copyright = "the perflab authors"
release = version = perflab.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "settings_table"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "_ext", "examples"]
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "none"
nitpicky = False

html_theme = "furo"
html_title = "perflab"
html_show_sphinx = False
html_copy_source = False
