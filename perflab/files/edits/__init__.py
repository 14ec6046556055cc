"""Values replaced in files of the user's, while every other byte stays as it is."""

from perflab.files.edits.edit import Edit, Replaced, edit_file, edit_text, text_edit
from perflab.files.edits.kinds import KIND_NAMES, kind_of
from perflab.files.edits.paths import KeyPath, parse_path, path_text
from perflab.files.edits.spots import NotThereError, Value
from perflab.files.edits.together import write_all

__all__ = [
    "KIND_NAMES",
    "Edit",
    "KeyPath",
    "NotThereError",
    "Replaced",
    "Value",
    "edit_file",
    "edit_text",
    "kind_of",
    "parse_path",
    "path_text",
    "text_edit",
    "write_all",
]
