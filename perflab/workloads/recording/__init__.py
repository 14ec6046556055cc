"""What `record` wraps, and the recordings that it writes."""

from perflab.workloads.recording.recording import Recording

__all__ = ["Recording"]
