"""What perflab writes into the user's folders: whole or not at all, and never over an input."""

from perflab.files.cells import csv_cell, csv_frame
from perflab.files.checks import bears_mark, check_output, markdown_mark, refuse_input
from perflab.files.folders import whole_folder
from perflab.files.names import file_stem, free_names
from perflab.files.places import Place, expanded, place_of
from perflab.files.whole import whole_file, whole_path, write_text

__all__ = [
    "Place",
    "bears_mark",
    "check_output",
    "csv_cell",
    "csv_frame",
    "expanded",
    "file_stem",
    "free_names",
    "markdown_mark",
    "place_of",
    "refuse_input",
    "whole_file",
    "whole_folder",
    "whole_path",
    "write_text",
]
