"""What the workload picker calls its sources, and says of them."""

from __future__ import annotations

SOURCES = {"Built-in": "ours", "File path": "path", "Upload": "upload"}
SOURCE_HELP = {
    "ours": "A workload that comes with perflab, or is made by a rule.",
    "path": "A file on the machine of the notebook, of any size.",
    "upload": "A file on your machine, sent by the browser.",
}
UPLOAD_HINT = (
    "JupyterLab takes uploads of about 10 MB, or of 200 MB when it was started by "
    "<code>make lab</code> or <code>perflab lab</code>. For a larger file choose "
    "<b>File path</b> and enter where it is on the machine of the notebook."
)
