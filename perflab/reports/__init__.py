"""Results put into a report: HTML, Markdown, JSON, and the command that makes them again."""

from perflab.reports.report import Report, report
from perflab.reports.reproduce import command, reproduce

__all__ = ["Report", "command", "report", "reproduce"]
