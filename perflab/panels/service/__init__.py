"""The panel of a whole service: its chain, what may happen to it, and what survives that."""

from perflab.panels.service.panel import ServicePanel

__all__ = ["ServicePanel"]
