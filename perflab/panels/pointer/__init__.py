"""What answers the pointer over a panel's pictures, and the keyboard on them."""

from perflab.panels.pointer.layer import PointerLayer
from perflab.panels.pointer.steering import Handle, Steering

__all__ = ["Handle", "PointerLayer", "Steering"]
